/** What is read of schedules: commands under their wrappers, times of every dialect, places in the file. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ScheduledCommand } from '../../src/core/model/scheduled.ts'
import { linted, lintedText } from './read-schedules.ts'

async function commandsOf(script: string): Promise<readonly ScheduledCommand[]> {
  const { maintenance } = await lintedText(`#!/bin/bash\n${script}\n`)
  return maintenance.documents.flatMap(({ tasks }) => tasks.flatMap(({ commands }) => commands))
}

describe('a command is found', () => {
  const TOLD = 'tootctl media remove --days 5'
  const wrapped: readonly (readonly [string, string?])[] = [
    [TOLD],
    [`sudo -u mastodon -H ${TOLD}`, 'mastodon'],
    [`sudo -iu mastodon -- ${TOLD}`, 'mastodon'],
    [`sudo --user=mastodon RAILS_ENV=production ${TOLD}`, 'mastodon'],
    [`su - mastodon -c '${TOLD}'`, 'mastodon'],
    [`su -l -c "${TOLD}" mastodon`, 'mastodon'],
    [`su mastodon -s /bin/bash -lc "${TOLD}"`, 'mastodon'],
    [`runuser -u mastodon -- ${TOLD}`, 'mastodon'],
    [`runuser -l mastodon -c '${TOLD}'`, 'mastodon'],
    [`doas -u mastodon ${TOLD}`, 'mastodon'],
    [`gosu mastodon ${TOLD}`, 'mastodon'],
    [`bash -c "${TOLD}"`],
    [`bash -euo pipefail -c "${TOLD}"`],
    [`sh -lc 'cd /x && exec ${TOLD}'`],
    [`bash -c "su mastodon -c '${TOLD}'"`, 'mastodon'],
    [`bash -c "bash -c \\"${TOLD}\\""`],
    [`bash <<'EOF'\n${TOLD}\nEOF`],
    [`sudo -u mastodon bash <<EOF\n${TOLD}\nEOF`, 'mastodon'],
    [`docker exec mastodon_web_1 ${TOLD}`],
    [`docker exec -it -e RAILS_ENV=production --user mastodon web ${TOLD}`, 'mastodon'],
    [`docker --context prod container exec web ${TOLD}`],
    [`docker compose -f a.yml -f b.yml run --rm web ${TOLD}`],
    [`docker compose --project-directory /x exec -T web bash -c '${TOLD}'`],
    [`docker-compose -p toot exec -T web ${TOLD}`],
    [`docker run --rm --env-file .env -v /a:/b ghcr.io/mastodon/mastodon:v4.5 ${TOLD}`],
    [`podman exec web ${TOLD}`],
    [`kubectl -n toot exec -it deploy/web -c web -- ${TOLD}`],
    [`k3s kubectl exec pod/web -- ${TOLD}`],
    [`ssh -p 22 mastodon@web1 '${TOLD}'`],
    [`ssh web1 ${TOLD}`],
    [`flock -n /tmp/lock ${TOLD}`],
    [`flock -w 10 /tmp/lock -c '${TOLD}'`],
    [`nice -n 19 ionice -c2 -n7 timeout -k 5 3h ${TOLD}`],
    [`env -C /home/mastodon/live RAILS_ENV=production ${TOLD}`],
    [`chronic ${TOLD}`],
    [`systemd-run --uid=mastodon --unit toot ${TOLD}`, 'mastodon'],
    [`cd /x && bundle exec ${TOLD}`],
    [`RBENV_VERSION=3 rbenv exec bundle exec ruby ${TOLD}`],
    [`if true; then ${TOLD}; fi`],
    [`[ -d /x ] && ( cd /x; ${TOLD} ) | tee log`],
    [`for d in 5; do tootctl media remove --days $d; done`],
    [`run() { "$@"; }; run ${TOLD}`],
    [`T="tootctl media"; $T remove --days 5`],
    [`alias toot='tootctl media'; toot remove --days 5`],
    [`DAYS=5; tootctl media remove --days "\${DAYS:-7}"`],
    [`X=$(${TOLD})`],
  ]
  for (const [script, user = null] of wrapped)
    test(script.replaceAll('\n', '⏎'), async () => {
      const found = (await commandsOf(script)).filter(({ words }) => words[0]?.text === 'tootctl')
      assert.deepEqual(
        found.map(({ words }) => words.map(({ text }) => text).join(' ')),
        [TOLD],
      )
      assert.equal(found[0]?.user ?? null, user)
    })
})

describe('the place of a word is where the file has it', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['plain', '#!/bin/sh\n  tootctl media remove --days 0\n'],
    [
      'in quotes in quotes',
      `#!/bin/sh\nsu - m -c "cd \\"/x y\\" && bash -c 'tootctl media remove --days 0'"\n`,
    ],
    ['in a here-document', '#!/bin/sh\nbash <<-EOF\n\ttootctl media remove --days 0\nEOF\n'],
    ['in a crontab after \\%', '0 1 * * 0 date +\\%s; tootctl media remove --days 0\n'],
    [
      'in a block of YAML',
      'services:\n  a:\n    command:\n      - bash\n      - -c\n      - |\n        set -e\n\n        tootctl media remove --days 0\n',
    ],
    [
      'in a folded block',
      'services:\n  a:\n    command: >-\n      bash -c "sleep 1;\n      tootctl media remove --days 0"\n',
    ],
    ['in quoted YAML', `services:\n  a:\n    command: 'sh -c "tootctl media remove --days 0"'\n`],
    [
      'in JSON lists',
      'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - command: ["tootctl", "media", "remove", "--days", "0"]\n',
    ],
    ['in Nix', "{\n  systemd.services.a.script = ''\n    tootctl media remove --days 0\n  '';\n}\n"],
    ['with Windows line ends', 'A=b\r\n0 1 * * 0 tootctl media remove --days 0\r\n'],
  ]
  for (const [name, text] of cases)
    test(name, async () => {
      const { findings } = await lintedText(text)
      const finding = findings.find(({ code }) => code === 'days-zero')
      assert.ok(finding, findings.map(({ code }) => code).join(', ') || 'no findings')
      const line = text.split('\n')[finding.place.line - 1] ?? ''
      assert.equal(line.slice(finding.place.column - 1, finding.place.endColumn - 1), '0')
    })

  test('over the continued lines of a unit', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cornac-unit-'))
    const path = join(folder, 'a.service')
    writeFileSync(path, '[Service]\nExecStart=/x/tootctl media \\\n# why\n  remove \\\n  --days 0\n')
    const { findings } = await linted([path])
    const finding = findings.find(({ code }) => code === 'days-zero')
    assert.deepEqual([finding?.place.line, finding?.place.column], [5, 10])
    rmSync(folder, { recursive: true })
  })
})

describe('times', () => {
  const runs: readonly (readonly [string, string, readonly string[]])[] = [
    ['crontab', '0 4 * * 0', ['2026-03-08T04:00', '2026-03-15T04:00']],
    ['crontab', '@monthly', ['2026-04-01T00:00', '2026-05-01T00:00']],
    ['crontab', '*/20 1-2 * * *', ['2026-03-02T01:00', '2026-03-02T01:20']],
    ['crontab', '0 0 13 * 5', ['2026-03-06T00:00', '2026-03-13T00:00']],
    ['timer', 'weekly', ['2026-03-02T00:00', '2026-03-09T00:00']],
    ['timer', 'Mon..Fri 03:30', ['2026-03-02T03:30', '2026-03-03T03:30']],
    ['timer', 'Fri *-*-13 00:00:00', ['2026-03-13T00:00', '2026-11-13T00:00']],
    ['timer', '*-*-1,15 06:00', ['2026-03-15T06:00', '2026-04-01T06:00']],
    ['timer', '*:0/30', ['2026-03-01T12:30', '2026-03-01T13:00']],
    ['timer', 'quarterly', ['2026-04-01T00:00', '2026-07-01T00:00']],
    ['timer', '*-02~01 05:00', ['2027-02-28T05:00', '2028-02-29T05:00']],
    ['timer', '2026-12-24 18:00:00', ['2026-12-24T18:00']],
  ]
  for (const [kind, text, expected] of runs)
    test(`${kind} ${text} runs at ${expected.join(', ')}`, async () => {
      const source =
        kind === 'crontab'
          ? `CRON_TZ=UTC\n${text} tootctl media usage\n`
          : `[Timer]\nOnCalendar=${text} UTC\n[Service]\n`
      const { maintenance } = await lintedText(source)
      const schedule = maintenance.documents[0]?.tasks[0]?.schedule
      assert.equal(schedule?.mistake, null)
      assert.deepEqual(
        schedule?.next.slice(0, expected.length).map((run) => new Date(run).toISOString().slice(0, 16)),
        expected,
      )
      assert.match(schedule?.inWords?.fr ?? '', /\S/)
    })

  test('a time zone moves the runs, over a change of clocks, too', async () => {
    const { maintenance } = await lintedText('CRON_TZ=Europe/Paris\n30 2 * * 0 tootctl media usage\n')
    const next = maintenance.documents[0]?.tasks[0]?.schedule?.next ?? []
    assert.deepEqual(
      next.map((run) => new Date(run).toISOString().slice(0, 13)),
      ['2026-03-08T01', '2026-03-15T01', '2026-03-22T01'],
    )
  })

  for (const wrong of ['*-*-* 24:00', 'Funday 03:00', '*-13-01', 'daily UTC 3'])
    test(`OnCalendar=${wrong} is a mistake`, async () => {
      const { maintenance } = await lintedText(`[Timer]\nOnCalendar=${wrong}\n[Service]\n`)
      assert.equal(maintenance.documents[0]?.tasks[0]?.schedule?.mistake, 'unreadable')
    })
})

describe('Mastodon’s own files', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'cornac-own-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('give the version and the key prefix, and keep no secret', async () => {
    mkdirSync(join(folder, 'lib/mastodon'), { recursive: true })
    writeFileSync(
      join(folder, '.env.production'),
      'SECRET_KEY_BASE=hush\nS3_KEY_PREFIX="media/x"\nDB_POOL=6\n',
    )
    writeFileSync(
      join(folder, 'lib/mastodon/version.rb'),
      'module Mastodon\n  module Version\n    def major\n      4\n    end\n\n    def minor\n      4\n    end\n  end\nend\n',
    )
    writeFileSync(
      join(folder, 'a.sh'),
      '#!/bin/sh\n. ./x\ntootctl media remove-orphans --dry-run\ntootctl media remove -c 7 --keep-interacted\n',
    )
    const { findings, version, maintenance } = await linted([folder])
    assert.equal(version, '4.4')
    assert.deepEqual(findings.map(({ code }) => code).sort(), [
      'concurrency-above-pool',
      'orphans-key-prefix',
      'unknown-option',
    ])
    assert.ok(!JSON.stringify(maintenance).includes('hush'))
  })

  test('the named version decides before that of an image', async () => {
    const text =
      'services:\n  a:\n    image: tootsuite/mastodon:v4.3.1\n    command: tootctl media remove --keep-interacted\n'
    const found = async (version: '4.6' | null) =>
      (await lintedText(text, { version })).findings.map(({ code }) => code)
    assert.deepEqual(await found(null), ['unknown-option'])
    assert.deepEqual(await found('4.6'), [])
  })
})
