/** The weekly cron of the trap, as it is passed around: four lines, of which two have to go. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { describe, test } from 'node:test'
import { linted, lintedText } from './read-schedules.ts'

const HEAD = `RAILS_ENV=production
PATH=/home/mastodon/.rbenv/shims:/usr/local/bin:/usr/bin:/bin
`
const COMMANDS = [
  'media remove --days=7 --concurrency=5',
  'media remove --prune-profiles --days=7 --concurrency=5',
  'media remove --remove-headers --days=7 --concurrency=5',
  'preview_cards remove --days=30 --concurrency=5',
]
const line = (time: string, command = ''): string =>
  `${time} * * 0 cd /home/mastodon/live && bin/tootctl ${command}\n`
const crontab = (times: readonly string[]): string =>
  HEAD + COMMANDS.map((command, i) => line(times[i] ?? '', command)).join('')

test('the weekly cron of the trap: two trap findings with the harm, and two lines are proposed', async () => {
  const { findings, proposals } = await lintedText(crontab(['0 0', '20 0', '40 0', '0 1']))
  assert.deepEqual(
    findings.map(({ code, place }) => [code, place.line]),
    [
      ['prune-profiles-trap', 4],
      ['prune-profiles-trap', 5],
    ],
  )
  for (const { harm, betterLine, cornacLine } of findings) {
    assert.match(harm.en, /does not fetch avatars and headers again when somebody looks/)
    assert.match(harm.fr, /ne recharge pas les avatars/)
    assert.equal(betterLine, '')
    assert.match(cornacLine ?? '', /^cornac heal /)
  }
  assert.match(findings[0]?.message.en ?? '', /avatars and headers .* 7 days/)
  assert.deepEqual(
    proposals.map(({ text }) => text),
    [HEAD + line('0 0', COMMANDS[0]) + line('0 1', COMMANDS[3])],
  )
})

test('if its lines share a minute there is an overlap finding besides, and the two proposed lines are apart', async () => {
  const { findings, proposals } = await lintedText(crontab(['0 0', '0 0', '0 0', '0 0']))
  assert.deepEqual(findings.map(({ code }) => code).sort(), [
    'prune-profiles-trap',
    'prune-profiles-trap',
    'same-minute',
  ])
  const overlap = findings.find(({ code }) => code === 'same-minute')
  assert.match(overlap?.message.en ?? '', /4 jobs start at 0:00 .* lines 3, 5, 6/)
  assert.deepEqual(
    proposals.map(({ text }) => text),
    [HEAD + line('0 0', COMMANDS[0]) + line('30 1', COMMANDS[3])],
  )
})

test('what is proposed is clean itself', async () => {
  const { proposals } = await lintedText(crontab(['0 0', '0 0', '0 0', '0 0']))
  assert.deepEqual((await lintedText(proposals[0]?.text ?? '')).findings, [])
})

describe('where nothing says that Ruby lies elsewhere, nothing is said about Ruby', () => {
  const inLine = (time: string, command = ''): string =>
    `${time} 1 * * 0 cd /home/mastodon/live && RAILS_ENV=production bin/tootctl ${command}\n`
  const nickname = (command = ''): string =>
    `@weekly RAILS_ENV=production /home/mastodon/live/bin/tootctl ${command}\n`
  const plain = [
    'media remove',
    'media remove --prune-profiles',
    'media remove --remove-headers',
    'preview_cards remove',
  ]
  const trap = 'prune-profiles-trap'

  test('four lines of @weekly: two trap findings, one of the shared minute, and two lines that are apart', async () => {
    const { findings, proposals } = await lintedText(plain.map(nickname).join(''))
    assert.deepEqual(
      findings.map(({ code, place }) => `${code} ${place.line}`),
      ['same-minute 2', `${trap} 2`, `${trap} 3`],
    )
    const proposed = nickname(plain[0]) + nickname(plain[3]).replace('@weekly', '30 1 * * 0')
    assert.deepEqual(
      proposals.map(({ text }) => text),
      [proposed],
    )
    assert.deepEqual((await lintedText(proposed)).findings, [])
  })

  test('the same minute in four lines: two trap findings and one of the shared minute', async () => {
    const { findings, proposals } = await lintedText(COMMANDS.map((command) => inLine('0', command)).join(''))
    assert.deepEqual(findings.map(({ code }) => code).sort(), [trap, trap, 'same-minute'])
    const proposed = inLine('0', COMMANDS[0]) + inLine('0', COMMANDS[3]).replace('0 1 ', '30 2 ')
    assert.deepEqual(
      proposals.map(({ text }) => text),
      [proposed],
    )
    assert.deepEqual((await lintedText(proposed)).findings, [])
  })

  test('minutes of their own: two trap findings', async () => {
    const times = ['0', '10', '20', '30']
    const text = COMMANDS.map((command, i) => inLine(times[i] ?? '', command)).join('')
    const { findings, proposals } = await lintedText(text)
    assert.deepEqual(
      findings.map(({ code, place }) => [code, place.line]),
      [
        [trap, 2],
        [trap, 3],
      ],
    )
    assert.deepEqual(
      proposals.map((proposal) => proposal.text),
      [inLine('0', COMMANDS[0]) + inLine('30', COMMANDS[3])],
    )
  })

  test('a script and the crontab that calls it: two trap findings, by whatever path the script is named', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'cornac-trap-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const script = join(folder, 'weekly.sh')
    const crontabFile = join(folder, 'crontab')
    const scriptOf = (commands: readonly string[]): string =>
      `#!/bin/bash\nexport RAILS_ENV=production\ncd /home/mastodon/live\n${commands.map((command) => `bin/tootctl ${command}\n`).join('')}`
    writeFileSync(script, scriptOf(plain))
    writeFileSync(crontabFile, `0 1 * * 0 ${script}\n`)
    for (const named of [script, relative('.', script)])
      for (const paths of [
        [crontabFile, named],
        [named, crontabFile],
      ]) {
        const { findings, proposals, maintenance } = await linted(paths, { root: '/' })
        assert.deepEqual(
          findings.map(({ code, place, betterLine }) => [code, place.file, place.line, betterLine]),
          [
            [trap, named, 5, ''],
            [trap, named, 6, ''],
          ],
        )
        assert.deepEqual(proposals, [
          { path: named, text: scriptOf(['media remove', 'preview_cards remove']) },
        ])
        assert.equal(maintenance.documents.length, 2)
      }
    const alone = await linted([crontabFile], { root: '/' })
    assert.deepEqual(
      alone.findings.map(({ code, place }) => [code, place.file, place.line]),
      [
        [trap, script, 5],
        [trap, script, 6],
      ],
    )
  })

  test('on a host the user of the job has a Ruby of its own, or has not', async (t) => {
    const root = mkdtempSync(join(tmpdir(), 'cornac-host-'))
    t.after(() => rmSync(root, { recursive: true, force: true }))
    for (const place of ['etc', 'var/spool/cron/crontabs', 'home/mastodon', 'home/alice/.rbenv'])
      mkdirSync(join(root, place), { recursive: true })
    writeFileSync(
      join(root, 'etc/passwd'),
      'root:x:0:0:root:/root:/bin/bash\nmastodon:x:991:991::/home/mastodon:/bin/bash\nalice:x:1:1::/home/alice:/bin/sh\n',
    )
    writeFileSync(join(root, 'var/spool/cron/crontabs/mastodon'), inLine('0', COMMANDS[0]))
    const codes = async (): Promise<readonly string[]> =>
      (await linted([], { root })).findings.map(({ code, message }) => `${code}: ${message.en}`)
    assert.deepEqual(await codes(), [])
    mkdirSync(join(root, 'home/mastodon/.rbenv'))
    assert.deepEqual(await codes(), [
      'missing-ruby-path: mastodon has a Ruby in /home/mastodon/.rbenv, and nothing here says where that is.',
    ])
  })

  test('once a file names rbenv, or another one of the run does, the path is missed', async () => {
    const line = inLine('0', COMMANDS[0])
    const { findings } = await lintedText(`# rbenv\n${line}`)
    assert.deepEqual(
      findings.map(({ code, message }) => [code, message.en]),
      [['missing-ruby-path', 'Ruby comes from rbenv (-:1), and nothing here says where that is.']],
    )
    assert.deepEqual((await lintedText(`PATH=/usr/local/bin:/usr/bin:/bin\n${line}`)).findings, [])
  })
})

test('pictures of profiles without an age are not answered with a line about attachments', async () => {
  for (const [option, lines] of [
    ['--prune-profiles', [null, 'cornac heal --followed --quiet']],
    ['--verbose', ['cornac prune attachments --days 30 --apply --quiet']],
  ] as const) {
    const { findings } = await lintedText(HEAD + line('0 1', `media remove --days 0 ${option}`))
    assert.deepEqual(
      findings.map(({ cornacLine }) => cornacLine),
      lines,
    )
  }
})
