/** cornac lint as people and machines call it. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { lintRulesPage } from '../../src/apps/cli/render/lint-rules-page.ts'
import { LANGUAGES } from '../../src/core/cron-lint/rule.ts'
import { RULES } from '../../src/core/cron-lint/rules.ts'
import { runCornac } from '../run-cornac.ts'

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'cornac-lint-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

const HEAD = 'RAILS_ENV=production\nPATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin\n'
const GOOD = `${HEAD}0 1 * * 0 cd /home/mastodon/live && bin/tootctl media remove --days 14\n`
const BAD = `${HEAD}0 1 * * 0 cd /home/mastodon/live && bin/tootctl emoji purge\n`

function file(name: string, text: string): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

const lint = (argv: readonly string[], env: Record<string, string> = {}) =>
  runCornac(['lint', ...argv], { env: { LANG: 'C', ...env }, home: folder })

test('nothing wrong ends with 0, something wrong with 3, a file that is not there with 1', async () => {
  const good = await lint([file('good.crontab', GOOD)])
  assert.deepEqual([good.code, good.stderr], [0, ''])
  assert.match(good.stdout, /Nothing is wrong in 1 file\.\n$/)
  const bad = await lint([file('bad.crontab', BAD)])
  assert.deepEqual([bad.code, bad.stderr], [3, ''])
  const missing = await lint([join(folder, 'is-not-there')])
  assert.equal(missing.code, 1)
  assert.match(missing.stdout, /is-not-there is not there/)
})

test('a finding is shown as a compiler does: file:line:column, code, sentence, the line with the place marked, the better line', async () => {
  const path = file('bad.crontab', BAD)
  const { stdout } = await lint([path])
  const [first = '', line, marks, harm, better] = stdout.split('\n')
  assert.equal(first.startsWith(`${path}:3:37: error emoji-purge-local: `), true, first)
  assert.equal(line, '  0 1 * * 0 cd /home/mastodon/live && bin/tootctl emoji purge')
  assert.equal(marks, `  ${' '.repeat(36)}${'^'.repeat('bin/tootctl emoji purge'.length)}`)
  assert.match(harm ?? '', /^ {2}harm: Every custom emoji of this server is deleted/)
  assert.equal(better, '  better: 0 1 * * 0 cd /home/mastodon/live && bin/tootctl emoji purge --remote-only')
  assert.match(stdout, /runs at 01:00, only on Sunday; next: /)
  assert.match(stdout, /deletes all custom emoji, those of this server too/)
})

test('messages are English or French, by --lang and else by LC_ALL, LC_MESSAGES and LANG', async () => {
  const path = file('bad.crontab', BAD)
  for (const run of [
    await lint([path, '--lang', 'fr']),
    await lint([path], { LANG: 'fr_CA.UTF-8' }),
    await lint([path], { LANG: 'en_GB.UTF-8', LC_ALL: 'fr_FR' }),
  ]) {
    assert.match(run.stdout, /erreur emoji-purge-local: `emoji purge` sans `--remote-only` supprime/)
    assert.match(run.stdout, /tourne à 01:00, uniquement le dimanche/)
    assert.match(run.stdout, /1 constat dans 1 fichier/)
  }
  assert.match((await lint([path, '--lang', 'en'], { LANG: 'fr_FR' })).stdout, /error emoji-purge-local/)
  assert.match((await lint([path], { LANG: 'de_DE' })).stdout, /error emoji-purge-local/)
  assert.equal((await lint([path, '--lang', 'xx'])).code, 2)
})

test('--json tells findings, schedules with their next runs, proposals and what was not read', async () => {
  const path = file('bad.crontab', BAD)
  const run = await lint([path, join(folder, 'gone'), '--json'])
  assert.equal(run.code, 3)
  const answer = JSON.parse(run.stdout)
  assert.equal(answer.verb, 'lint')
  assert.deepEqual(
    answer.findings.map((finding: Record<string, unknown>) => [
      finding['file'],
      finding['line'],
      finding['column'],
      finding['code'],
      finding['severity'],
    ]),
    [[path, 3, 37, 'emoji-purge-local', 'error']],
  )
  assert.match(answer.findings[0].better, /--remote-only$/)
  assert.equal(answer.findings[0].cornac, null)
  const members = (value: object): readonly string[] => Object.keys(value).sort()
  assert.deepEqual(
    members(answer),
    [
      'cornac',
      'files',
      'findings',
      'format',
      'language',
      'mastodon',
      'proposals',
      'unread',
      'verb',
      'written',
    ],
    'as docs/lint.md lists them',
  )
  assert.deepEqual(
    members(answer.findings[0]),
    [
      'better',
      'code',
      'column',
      'cornac',
      'end_column',
      'end_line',
      'file',
      'fix',
      'harm',
      'line',
      'message',
      'severity',
      'text',
    ],
    'as docs/lint.md lists them',
  )
  assert.deepEqual([answer.findings[0].end_line, answer.findings[0].end_column], [3, 60])
  assert.equal(answer.findings[0].text, BAD.split('\n')[2])
  assert.deepEqual([answer.language, answer.mastodon, answer.written], ['en', null, []])
  assert.deepEqual(members(answer.files[0]), ['kind', 'path', 'schedules'])
  const [schedule] = answer.files[0].schedules
  assert.deepEqual(members(schedule), ['does', 'line', 'next', 'text', 'words'])
  assert.equal(schedule.text, '0 1 * * 0')
  assert.equal(schedule.next.length, 3)
  for (const next of schedule.next) assert.equal(new Date(next).getDay(), 0)
  assert.deepEqual(answer.proposals, [
    { path, text: BAD.replace('emoji purge', 'emoji purge --remote-only') },
  ])
  assert.deepEqual(answer.unread, [{ path: join(folder, 'gone'), reason: 'missing', detail: null }])
})

test('--format sarif is a log of SARIF 2.1.0 whose results name rules that it lists', async () => {
  const run = await lint([file('bad.crontab', BAD), '--format', 'sarif'])
  assert.equal(run.code, 3)
  const log = JSON.parse(run.stdout)
  assert.equal(log.version, '2.1.0')
  assert.match(log.$schema, /^https:\/\/.*sarif.*2\.1\.0.*\.json$/)
  assert.equal(log.runs.length, 1)
  const [{ tool, results, columnKind }] = log.runs
  assert.equal(tool.driver.name, 'cornac lint')
  assert.equal(columnKind, 'utf16CodeUnits')
  for (const rule of tool.driver.rules) {
    assert.match(rule.id, /^[a-z0-9-]+$/)
    for (const text of [rule.shortDescription.text, rule.fullDescription.text, rule.help.text])
      assert.match(text, /\S/)
    assert.ok(['error', 'warning', 'note'].includes(rule.defaultConfiguration.level), rule.id)
  }
  assert.equal(results[0].ruleId, 'emoji-purge-local')
  assert.match(results[0].message.text, /^`emoji purge` without .*\. Every custom emoji/)
  assert.equal(results[0].locations.length, 1)
  assert.equal(tool.driver.rules.length, RULES.length)
  assert.equal(results.length, 1)
  assert.equal(tool.driver.rules[results[0].ruleIndex].id, 'emoji-purge-local')
  assert.equal(results[0].level, 'error')
  const { artifactLocation, region } = results[0].locations[0].physicalLocation
  assert.match(artifactLocation.uri, /^file:\/\/\/.*bad\.crontab$/)
  assert.deepEqual(region, { startLine: 3, startColumn: 37, endLine: 3, endColumn: 60 })
  const [change] = results[0].fixes[0].artifactChanges
  assert.deepEqual(change.artifactLocation, artifactLocation)
  assert.deepEqual(change.replacements, [
    {
      deletedRegion: { startLine: 3, startColumn: 60, endLine: 3, endColumn: 60 },
      insertedContent: { text: ' --remote-only' },
    },
  ])
  const clean = await lint([file('good.crontab', GOOD), '--format', 'sarif', '--quiet'])
  assert.deepEqual(JSON.parse(clean.stdout).runs[0].results, [])
})

test('--format github is one annotation for each finding, with its signs escaped', async () => {
  const { stdout } = await lint([file('odd,name:50%.crontab', BAD), '--format', 'github'])
  assert.match(
    stdout,
    /^::error file=[^,]*odd%2Cname%3A50%25\.crontab,line=3,endLine=3,col=37,endColumn=60,title=emoji-purge-local::`emoji purge` [^\n]+\n$/,
  )
})

test('--fix writes a new file beside the old one, and never over any', async () => {
  const path = file('fix/crontab', BAD)
  const proposed = BAD.replace('emoji purge', 'emoji purge --remote-only')
  const run = await lint([path, '--fix'])
  assert.equal(run.code, 3)
  assert.match(run.stdout, /Wrote .*fix\/crontab\.cornac\./)
  assert.equal(readFileSync(path, 'utf8'), BAD)
  assert.equal(readFileSync(`${path}.cornac`, 'utf8'), proposed)
  writeFileSync(`${path}.cornac`, 'mine')
  await lint([path, '--fix'])
  assert.equal(readFileSync(`${path}.cornac`, 'utf8'), 'mine')
  assert.equal(readFileSync(`${path}.cornac.2`, 'utf8'), proposed)
  const good = file('fix/good.crontab', GOOD)
  await lint([good, '--fix'])
  assert.equal(existsSync(`${good}.cornac`), false)
})

test('--explain says all about a rule, in both languages; an unknown one is answered with the nearest', async () => {
  for (const { code, harm, evidence } of RULES)
    for (const language of LANGUAGES) {
      if (code !== 'prune-profiles-trap' && language === 'fr') continue
      const { code: exit, stdout } = await lint(['--explain', code, '--lang', language])
      assert.equal(exit, 0)
      for (const part of [code, harm[language], evidence.says[language], evidence.source])
        assert.ok(stdout.includes(part), part)
    }
  const unknown = await lint(['--explain', 'prune-profile-trap'])
  assert.equal(unknown.code, 2)
  assert.match(unknown.stderr, /Did you mean prune-profiles-trap/)
})

test('a crontab comes in by standard input', async () => {
  const { spawnSync } = await import('node:child_process')
  const run = spawnSync(
    process.execPath,
    [join(dirname(dirname(import.meta.dirname)), 'bin/cornac'), 'lint', '-'],
    {
      input: BAD,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: folder, LANG: 'C' },
    },
  )
  assert.equal(run.status, 3, run.stderr)
  assert.match(run.stdout, /^-:3:37: error emoji-purge-local/)
})

describe('without files', () => {
  test('it looks at the host: cron’s folders, units, scripts that they call; and says what it may not read', async () => {
    const host = join(folder, 'host')
    file('host/etc/crontab', '17 * * * * root cd / && run-parts --report /etc/cron.hourly\n')
    file('host/etc/cron.d/mastodon', `${HEAD}0 7 * * 0 mastodon /usr/local/bin/toot-clean\n`)
    file(
      'host/usr/local/bin/toot-clean',
      '#!/bin/sh\ncd /home/mastodon/live\nbin/tootctl media remove --days 0\n',
    )
    file('host/etc/systemd/system/cards.timer', '[Timer]\nOnCalendar=weekly\n')
    file(
      'host/etc/systemd/system/cards.service',
      '[Service]\nUser=mastodon\nWorkingDirectory=/home/mastodon/live\nEnvironment=RAILS_ENV=production\nExecStart=/home/mastodon/.rbenv/shims/bundle exec bin/tootctl preview_cards remove --days 3\n',
    )
    const closed = file('host/var/spool/cron/crontabs/root', BAD)
    chmodSync(closed, 0)
    const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined
    if (user !== undefined) chmodSync(folder, 0o755)
    const { spawnSync } = await import('node:child_process')
    const run = spawnSync(
      process.execPath,
      [join(dirname(dirname(import.meta.dirname)), 'src/main.ts'), 'lint', '--root', host],
      {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: '/', LANG: 'C' },
        ...user,
      },
    )
    if (run.error !== undefined) throw run.error
    assert.equal(run.status, 3, run.stderr)
    assert.match(run.stdout, /usr\/local\/bin\/toot-clean:3:33: error days-zero/)
    assert.match(run.stdout, /cards\.service:5:.* warning preview-cards-too-young/)
    assert.match(run.stdout, /crontabs\/root may not be read by this user/)
  })

  test('a host with nothing on it is clean', async () => {
    const run = await lint(['--root', join(folder, 'no-host')])
    assert.equal(run.code, 0)
    assert.match(run.stdout, /Nothing that runs on a schedule was found/)
  })
})

test('the page of rules is made from the rules', () => {
  const page = readFileSync(join(dirname(dirname(import.meta.dirname)), 'docs/lint-rules.md'), 'utf8')
  const bare = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(/[*_]/g, '').trim()
  assert.equal(bare(page), bare(lintRulesPage()), 'run scripts/write-lint-rules.ts')
})

describe('rules', () => {
  test('have codes of their own, and speak both languages in whole sentences', () => {
    assert.equal(new Set(RULES.map(({ code }) => code)).size, RULES.length)
    for (const { code, harm, fix, evidence, title } of RULES)
      for (const language of LANGUAGES) {
        assert.match(title[language], /\S/, code)
        for (const sentence of [harm, fix, evidence.says]) {
          assert.match(
            sentence[language],
            /^(?:[A-ZÀÉ`“«\d]|tootctl |bin\/tootctl |cron |\/etc\/).*\.$/s,
            `${code}: ${sentence[language]}`,
          )
          if (language === 'fr') assert.notEqual(sentence.fr, sentence.en)
        }
      }
  })
})
