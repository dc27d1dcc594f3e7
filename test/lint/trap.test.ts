/** The weekly cron of the trap, as it is passed around: four lines, of which two have to go. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lintedText } from './read-schedules.ts'

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
