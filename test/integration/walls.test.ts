import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'

const root = dirname(dirname(import.meta.dirname))

/** A file that does not exist in the project, what it must not import, and what it may: no wall stands in a doorway. */
interface Wall {
  readonly promise: string
  readonly file: string
  readonly refused: readonly string[]
  readonly allowed: readonly string[]
}

const walls: readonly Wall[] = [
  {
    promise: 'the model imports only itself',
    file: 'src/core/model/x.ts',
    refused: ['../ports/records.ts', '../errors.ts', '../../adapters/state/leases.ts', 'node:fs', 'zod'],
    allowed: ['./record.ts'],
  },
  ...['reconcile', 'plan', 'cron-lint'].map((stage) => ({
    promise: `${stage} imports the model and nothing that acts`,
    file: `src/core/${stage}/x.ts`,
    refused: [
      ...[
        '../ports/records.ts',
        '../apply/apply-plan.ts',
        '../scan.ts',
        '../heal/verdict.ts',
        '../../config/load.ts',
      ],
      ...[
        '../../adapters/storage/fs.ts',
        '../../../lab/servers/postgres.ts',
        'node:fs/promises',
        'pg',
        'undici',
      ],
    ],
    allowed: ['../model/record.ts', '../errors.ts', './y.ts', 'node:crypto', 'yaml'],
  })),
  {
    promise: 'a folder inside a pure stage is as pure',
    file: 'src/core/cron-lint/rules/x.ts',
    refused: ['../../ports/records.ts', '../../scan.ts', '../../../config/load.ts', 'node:child_process'],
    allowed: ['../../model/policy.ts', '../../errors.ts', '../rules.ts', './y.ts'],
  },
  {
    promise: 'the verbs of core import core only',
    file: 'src/core/x.ts',
    refused: [
      ...[
        '../adapters/storage/fs.ts',
        '../apps/cli/commands.ts',
        '../config/load.ts',
        '../compose.ts',
        '../main.ts',
      ],
      ...[
        '../../lab/servers/postgres.ts',
        '../../test/needs.ts',
        'pg',
        'node:http',
        'node:timers/promises',
        'sharp',
      ],
    ],
    allowed: ['./reconcile/classify.ts', './ports/storage.ts', './errors.ts'],
  },
  {
    promise: 'ports import core only',
    file: 'src/core/ports/x.ts',
    refused: ['../../adapters/storage/fs.ts', '@aws-sdk/client-s3', 'htmlparser2', '@fedify/fedify/sig'],
    allowed: ['../model/object.ts', './runtime.ts'],
  },
  {
    promise: 'steps import core only',
    file: 'src/core/apply/steps/x.ts',
    refused: ['../../../adapters/storage/fs.ts', '../../../compose.ts', '../../../config/load.ts', 'pg'],
    allowed: ['../../ports/storage.ts', '../budgets.ts', '../../heal/heal-record.ts'],
  },
  {
    promise: 'an adapter imports the model, the ports and its driver',
    file: 'src/adapters/storage/x.ts',
    refused: [
      ...[
        '../state/leases.ts',
        '../postage/x.ts',
        '../redistribution/x.ts',
        '../rails-cache/x.ts',
        '../system/clock.ts',
        '../../core/scan.ts',
        '../../core/apply/apply-plan.ts',
      ],
      ...['../../apps/cli/commands.ts', '../../config/load.ts', '../../compose.ts', '../../main.ts'],
      ...['../../../lab/servers/postgres.ts', '@fedify/fedify/sig'],
    ],
    allowed: [
      '../../core/ports/storage.ts',
      '../../core/model/object.ts',
      '../../core/errors.ts',
      './y.ts',
    ].concat([
      '../postgres/ask.ts',
      '../redis/connect-redis.ts',
      './wrap/retry.ts',
      '@aws-sdk/client-s3',
      'node:fs/promises',
    ]),
  },
  {
    promise: 'a folder inside an adapter is part of that adapter',
    file: 'src/adapters/storage/wrap/x.ts',
    refused: [
      '../../state/leases.ts',
      '../../../core/scan.ts',
      '../../../config/load.ts',
      '../../../compose.ts',
    ],
    allowed: ['../memory.ts', './y.ts', '../../../core/ports/storage.ts', '../../postgres/ask.ts'].concat([
      '../../redis/connect-redis.ts',
    ]),
  },
  {
    promise: 'requests are signed in adapters/origin only',
    file: 'src/adapters/origin/x.ts',
    refused: ['../state/leases.ts', '../../core/scan.ts', '../../compose.ts'],
    allowed: ['@fedify/fedify/sig', 'htmlparser2', 'undici', '../../core/ports/origin.ts', './y.ts'],
  },
  {
    promise: 'an app imports core and config',
    file: 'src/apps/gateway/x.ts',
    refused: [
      '@fedify/fedify/sig',
      ...['../dashboard/html.ts', '../../adapters/storage/fs.ts', '../../compose.ts', '../../main.ts'],
      '../../../lab/servers/postgres.ts',
    ],
    allowed: ['../../core/scan.ts', '../../config/load.ts', './y.ts', 'node:http'],
  },
  {
    promise: 'a folder inside an app is part of that app',
    file: 'src/apps/cli/commands/x.ts',
    refused: ['../../dashboard/html.ts', '../../../adapters/storage/fs.ts', '../../../compose.ts'],
    allowed: ['../render/text.ts', '../../../core/scan.ts', '../../../config/load.ts'],
  },
  {
    promise: 'the demo may show the lab, and is else an app as any other',
    file: 'src/apps/demo/x.ts',
    refused: ['../cli/commands.ts', '../../adapters/storage/fs.ts', '../../compose.ts'],
    allowed: ['../../../lab/servers/postgres.ts', '../../core/scan.ts', '../../config/load.ts'],
  },
  {
    promise: 'compose.ts knows the adapters and no app',
    file: 'src/compose.ts',
    refused: ['./apps/cli/commands.ts', './main.ts', '../lab/servers/postgres.ts'],
    allowed: ['./adapters/storage/fs.ts', './config/load.ts', './core/scan.ts'],
  },
  {
    promise: 'compose-schedules.ts knows the adapters and no app',
    file: 'src/compose-schedules.ts',
    refused: ['./apps/cli/commands.ts', './main.ts', '../lab/servers/postgres.ts'],
    allowed: ['./adapters/schedules/open-schedules.ts', './core/ports/schedules.ts'],
  },
  {
    promise: 'main.ts knows compose.ts and the apps, and no adapter',
    file: 'src/main.ts',
    refused: ['./adapters/storage/fs.ts', '../lab/servers/postgres.ts'],
    allowed: ['./compose.ts', './apps/cli/commands.ts'],
  },
  {
    promise: 'no other file of src knows adapters, compose.ts or the apps',
    file: 'src/x.ts',
    refused: [
      './adapters/storage/fs.ts',
      './apps/cli/commands.ts',
      './compose.ts',
      './compose-schedules.ts',
      './main.ts',
    ],
    allowed: ['./core/scan.ts'],
  },
  {
    promise: 'the configuration knows neither adapters nor apps',
    file: 'src/config/x.ts',
    refused: ['../adapters/storage/fs.ts', '../apps/cli/commands.ts', '../compose.ts', '@fedify/fedify'],
    allowed: ['../core/model/policy.ts', 'dotenv'],
  },
  {
    promise: 'a test may look over every wall',
    file: 'src/core/plan/x.test.ts',
    refused: [],
    allowed: ['../../adapters/storage/memory.ts', '../../../lab/servers/postgres.ts', 'fast-check'],
  },
]

/** One line of code that a rule must refuse in one place and let pass in another. */
const habits: readonly {
  promise: string
  rule: string
  line: string
  refused: string
  allowed: string | undefined
}[] = [
  {
    promise: 'the environment is read in config only',
    rule: 'node(no-process-env)',
    line: "export const home = process.env['HOME']",
    refused: 'src/core/environment.ts',
    allowed: 'src/config/environment.ts',
  },
  {
    promise: 'the wall clock is read in adapters/system only',
    rule: 'eslint(no-restricted-properties)',
    line: 'export const now = Date.now()',
    refused: 'src/adapters/state/now.ts',
    allowed: 'src/adapters/system/now.ts',
  },
  {
    promise: 'the terminal is written by apps/cli/render only',
    rule: 'eslint(no-console)',
    line: "console.log('x')",
    refused: 'src/apps/gateway/print.ts',
    allowed: 'src/apps/cli/render/print.ts',
  },
  {
    promise: 'no promise floats',
    rule: 'typescript(no-floating-promises)',
    line: 'Promise.reject(new Error("lost"))',
    refused: 'src/core/floating.ts',
    allowed: undefined,
  },
  {
    promise: 'a switch names every member',
    rule: 'typescript(switch-exhaustiveness-check)',
    line: "export function f(x: 'a' | 'b'): void { switch (x) { case 'a': throw new Error(x) } }",
    refused: 'src/core/switch.ts',
    allowed: undefined,
  },
]

/** `rule` at `file:line`, as the linter reports it. */
interface Complaint {
  readonly file: string
  readonly line: number
  readonly rule: string
}

describe('the linter, given a project that breaks the rules', () => {
  let overlay: string
  let complaints: readonly Complaint[]

  before(async () => {
    overlay = await mkdtemp(join(tmpdir(), 'cornac-walls-'))
    for (const name of ['oxlint.config.ts', 'tsconfig.json', 'package.json'])
      await cp(join(root, name), join(overlay, name))
    await symlink(join(root, 'node_modules'), join(overlay, 'node_modules'))
    for (const { file, refused, allowed } of walls) {
      // by turns the three ways to import: all of them meet the wall
      const ways = [(from: string) => `import '${from}'`, (from: string) => `export * from '${from}'`].concat(
        (from) => `await import('${from}')`,
      )
      const lines = [...refused, ...allowed].map((from, index) => ways[index % ways.length]?.(from) ?? '')
      await write(file, lines)
    }
    for (const { line, refused, allowed } of habits) {
      for (const file of [refused, allowed]) if (file !== undefined) await write(file, [line])
    }
    complaints = lint()
  })
  after(() => rm(overlay, { recursive: true, force: true }))

  for (const { promise, file, refused, allowed } of walls) {
    test(promise, () => {
      const lines = complaints
        .filter((complaint) => complaint.file === file && complaint.rule === 'eslint(no-restricted-imports)')
        .map(({ line }) => [...refused, ...allowed][line - 1])
      assert.deepEqual(new Set(lines), new Set(refused))
    })
  }

  for (const { promise, rule, refused, allowed } of habits) {
    test(promise, () => {
      const files = complaints.filter((complaint) => complaint.rule === rule).map(({ file }) => file)
      assert.ok(files.includes(refused), `${rule} did not complain of ${refused}`)
      if (allowed !== undefined) assert.ok(!files.includes(allowed), `${rule} complained of ${allowed}`)
    })
  }

  async function write(file: string, lines: readonly string[]): Promise<void> {
    await mkdir(dirname(join(overlay, file)), { recursive: true })
    await writeFile(join(overlay, file), `${lines.join('\n')}\nexport {}\n`)
  }

  function lint(): readonly Complaint[] {
    const oxlint = join(root, 'node_modules', '.bin', 'oxlint')
    const { stdout, stderr } = spawnSync(process.execPath, [oxlint, '--type-aware', '--format', 'json'], {
      cwd: overlay,
      encoding: 'utf8',
    })
    assert.ok(stdout.startsWith('{'), `oxlint did not run: ${stdout}${stderr}`)
    const report = JSON.parse(stdout) as {
      diagnostics: { code: string; filename: string; labels: { span: { line: number } }[] }[]
    }
    return report.diagnostics.map(({ code, filename, labels }) => ({
      file: filename,
      line: labels[0]?.span.line ?? 0,
      rule: code,
    }))
  }
})
