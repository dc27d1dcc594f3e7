/**
 * What nobody should feed to lint, as a process of its own: an answer within two seconds and 200 MB, and no crash. The seconds
 * are the processor's: others may be busy on this machine. What waits instead of working is killed after half a minute.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { execFileSync, spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'

const ROOT = dirname(dirname(import.meta.dirname))
const MB = 1024 * 1024
const WITHIN_MS = 2_000
const WITHIN_KB = 200 * 1024

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'cornac-hostile-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

const many = (text: string, length: number): string => text.repeat(Math.ceil(length / text.length))

const INPUTS: readonly (readonly [name: string, content: () => string | Uint8Array])[] = [
  ['binary.crontab', () => randomBytes(5 * MB)],
  ['long-line.crontab', () => `0 4 * * * tootctl media remove ${many('x', 10 * MB)}\n`],
  ['long-line.sh', () => `#!/bin/sh\ntootctl media remove ${many('x ', 10 * MB)}\n`],
  ['long-line.yml', () => `services:\n  web: "${many('x', 10 * MB)}"\n`],
  ['long-line.nix', () => `{ a = "${many('x', 10 * MB)}"; }`],
  ['long-line.service', () => `[Service]\nExecStart=${many('x ', 10 * MB)}\n`],
  ['continued.service', () => `[Service]\nExecStart=tootctl ${many('a \\\n', MB)}`],
  ['deep.sh', () => `#!/bin/sh\n${many('( ', 100_000)}`],
  ['deep-substitution.sh', () => `#!/bin/sh\necho ${many('$(echo ', 120_000)}`],
  ['deep-quotes.sh', () => `#!/bin/sh\n${many('bash -c "', 100_000)}`],
  ['heredocs.sh', () => `#!/bin/sh\n${many('cat <<a ', 120_000)}`],
  ['functions.sh', () => `#!/bin/sh\nf() { g; g; }; g() { f; f; }\n${many('f\n', 60_000)}`],
  [
    'doubling.sh',
    () =>
      `#!/bin/sh\n${Array.from({ length: 40 }, (_, i) => `f${i}() { f${i + 1}; f${i + 1}; }\n`).join('')}f0\n`,
  ],
  ['growing.sh', () => `#!/bin/sh\nA=aaaaaaaaaa\n${many('A="$A$A$A$A"\n', 2_000)}tootctl media remove $A\n`],
  [
    'loops.sh',
    () =>
      `#!/bin/sh\n${many('for i in 1 2 3 4 5 6 7 8 9; do ', 2_000)}tootctl media remove ${many('; done', 2_000)}\n`,
  ],
  ['many-calls.sh', () => `#!/bin/sh\n${many('tootctl media remove --prune-profiles --days 0\n', 120_000)}`],
  ['many-lines.crontab', () => many('0 4 * * * cd /x && tootctl media remove --prune-profiles\n', 10 * MB)],
  ['many-percents.crontab', () => `0 4 * * * tootctl ${many('\\%', 10_000)}\n`],
  ['deep.yml', () => `services: ${many('[', 200_000)}`],
  ['deep-dashes.yml', () => `services:\n  ${many('- ', 200_000)}x\n`],
  ['deep-blanks.yml', () => Array.from({ length: 1_500 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')],
  [
    'aliases.yml',
    () =>
      `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 30 }, (_, i) => `${'bcdefghijklmnopqrstuvwxyzABCDEF'[i]}: &${'bcdefghijklmnopqrstuvwxyzABCDEF'[i]} [${many(`*${'abcdefghijklmnopqrstuvwxyzABCDEF'[i]},`, 20)}]\n`).join('')}services: *z\n`,
  ],
  ['cyclic.yml', () => 'services: &s\n  web: *s\n  cron: { command: *s, labels: *s }\n'],
  ['keys.yml', () => `services:\n${Array.from({ length: 20_000 }, (_, i) => `  s${i}: {}\n`).join('')}`],
  ['deep.json', () => `{"Rules":${many('[{"Rules":', 200_000)}`],
  ['deep.xml', () => `<LifecycleConfiguration>${many('<Rule>', 900_000)}`],
  [
    'entities.xml',
    () =>
      `<!DOCTYPE a [<!ENTITY x "xxxx"><!ENTITY y "&x;&x;&x;&x;">]><LifecycleConfiguration><Rule><ID>&y;</ID></Rule></LifecycleConfiguration>`,
  ],
  ['deep.nix', () => many('{ a = ', 300_000)],
  ['quotes.nix', () => `{ a = ${many("''", 300_000)}; }`],
  [
    'not-utf8.crontab',
    () =>
      Buffer.concat([
        Buffer.from('0 4 * * * tootctl media remove '),
        Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x80]),
        Buffer.from('\n'),
      ]),
  ],
  ['escapes.crontab', () => '0 4 * * * tootctl media remove --days 0 \u001B]0;owned\u0007\u001B[2J\u202E\n'],
  ['carriage-returns.crontab', () => many('0 4 * * * tootctl media remove\r', 200_000)],
  [
    'calendar.timer',
    () => `[Timer]\nOnCalendar=${many('*,', 60_000)}\nOnCalendar=*-*-* ${many('1,', 100)}:00\n`,
  ],
  ['fields.crontab', () => many(`${many('1,', 900)}1 4 * * * tootctl media remove\n`, 200_000)],
  ['steps.crontab', () => '*/0 4 * * * tootctl x\n1-99999999 4 * * * tootctl x\n0/1e9 4 * * * tootctl x\n'],
  [
    'proto.yml',
    () =>
      '__proto__: { services: 1 }\nservices: { __proto__: { command: tootctl media remove --days 0 }, constructor: { image: x } }\n',
  ],
  [
    'proto.sh',
    () =>
      '#!/bin/sh\n__proto__=1 constructor tootctl media remove --days 0\ntoString media\nexport hasOwnProperty=1\n',
  ],
  ['empty.crontab', () => ''],
]

for (const [name, content] of INPUTS)
  test(`${name}: an answer in time, in little memory`, () => {
    const path = join(folder, name)
    writeFileSync(path, content())
    const { ms, kb, code, stdout } = runMeasured([path])
    assert.ok(code === 0 || code === 3, `ended with ${code}: ${stdout.slice(-500)}`)
    assert.ok(ms < WITHIN_MS, `${ms} ms`)
    assert.ok(kb < WITHIN_KB, `${kb} KB`)
    // oxlint-disable-next-line no-control-regex -- escapes of a hostile file must not reach the terminal
    assert.doesNotMatch(stdout, /[\u0000-\u0008\u000B-\u001F\u202E]/)
  })

test('scripts that source each other in a circle, and links in a circle, come to an end', () => {
  const circle = join(folder, 'circle')
  mkdirSync(circle)
  writeFileSync(join(circle, 'a.sh'), '#!/bin/sh\n. ./b.sh\ntootctl media remove --days 0\n')
  writeFileSync(join(circle, 'b.sh'), '#!/bin/sh\n. ./a.sh\nsource a.sh\n./a.sh\n')
  writeFileSync(join(circle, 'crontab'), `0 7 * * 0 cd ${circle} && ./a.sh\n`)
  symlinkSync(circle, join(circle, 'again'))
  symlinkSync(join(circle, 'c2'), join(circle, 'c1'))
  symlinkSync(join(circle, 'c1'), join(circle, 'c2'))
  const { code, ms, stdout } = runMeasured([circle])
  assert.equal(code, 3, stdout)
  assert.match(stdout, /days-zero/)
  assert.ok(ms < WITHIN_MS)
})

test('pipes, devices and folders among the named files hold nothing up', () => {
  const pipe = join(folder, 'pipe.crontab')
  execFileSync('mkfifo', [pipe])
  const { code, ms, stdout } = runMeasured([pipe, '/dev/zero', '/dev/tty', join(folder, 'is-not-there')])
  assert.ok(code === 0 || code === 1, stdout)
  assert.ok(ms < WITHIN_MS)
  rmSync(pipe)
})

test('nothing of the input is ever executed, and no file is written', () => {
  const place = mkdtempSync(join(folder, 'execute-'))
  const proof = join(place, 'proof')
  const touch = `touch ${proof}`
  writeFileSync(
    join(place, 'evil.sh'),
    `#!/bin/sh\n${touch}\n$(${touch})\n\`${touch}\`\nA=\${B:=$(${touch})}\neval "${touch}"\ncat <(${touch})\ntootctl media remove --days "$(${touch})"\n`,
    { mode: 0o755 },
  )
  writeFileSync(
    join(place, 'evil.crontab'),
    `* * * * * ${touch}; ${place}/evil.sh; tootctl media remove --days 0\n`,
  )
  writeFileSync(
    join(place, 'evil.yml'),
    `services:\n  a: !!js/function "function () { require('fs').writeFileSync('${proof}', '') }"\n  b: { command: "$(${touch})" }\n`,
  )
  const before = readdirSync(place)
  const { code } = runMeasured([place])
  assert.equal(code, 3)
  assert.deepEqual(readdirSync(place), before)
})

interface Measured {
  /** Of the processor, all threads together. */
  readonly ms: number
  readonly kb: number
  readonly code: number | null
  readonly stdout: string
}

function runMeasured(paths: readonly string[]): Measured {
  const report = `process.on('exit', () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
    require('fs').writeSync(2, 'took:' + maxRSS + ' ' + (userCPUTime + systemCPUTime) + '\\n')
  })`
  const hook = join(folder, 'report-use.cjs')
  writeFileSync(hook, report)
  const run = spawnSync(
    process.execPath,
    ['--require', hook, join(ROOT, 'src/main.ts'), 'lint', '--root', '/nowhere-at-all', ...paths],
    {
      encoding: 'utf8',
      maxBuffer: 256 * MB,
      timeout: 30_000,
      env: { PATH: process.env['PATH'], HOME: folder, LANG: 'C' },
    },
  )
  const [line = '', kb, us] = /took:(\d+) (\d+)\n/.exec(run.stderr) ?? []
  return {
    ms: Number(us) / 1_000,
    kb: Number(kb),
    code: run.status,
    stdout: run.stdout + run.stderr.replace(line, ''),
  }
}
