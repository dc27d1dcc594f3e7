/** What is proposed for redirections that throw errors away: the whole of them, once. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { linted, lintedText } from './read-schedules.ts'

const LOG = '$HOME/mastodon-maintenance.log'
const BOTH = `>>${LOG} 2>&1`
const line = (redirections: string): string =>
  `0 1 * * 0 cd /home/mastodon/live && RAILS_ENV=production bin/tootctl media remove ${redirections}\n`

for (const [lost, kept] of [
  ['> /dev/null 2>&1', BOTH],
  ['>/dev/null 2>&1', BOTH],
  ['1>/dev/null 2>&1', BOTH],
  ['>>/dev/null   2>&1', BOTH],
  ['2>/dev/null 1>&2', BOTH],
  ['&>/dev/null', BOTH],
  ['&> /dev/null', BOTH],
  ['>& /dev/null', BOTH],
  ['>/dev/null 2>/dev/null', BOTH],
  ['2>/dev/null >/dev/null', BOTH],
  ['>/dev/null 2>&1 < /dev/null', `${BOTH} < /dev/null`],
  ['>/dev/null </dev/null 2>&1', `${BOTH} </dev/null`],
  ['2>/dev/null', `2>>${LOG}`],
  ['>/var/log/toot.log 2>/dev/null', `>/var/log/toot.log 2>>${LOG}`],
  ['2>/dev/null >>/var/log/toot.log', `2>>${LOG} >>/var/log/toot.log`],
] as const)
  test(`${lost} becomes ${kept}`, async () => {
    const { findings, proposals } = await lintedText(line(lost))
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['output-thrown-away'],
    )
    assert.equal(`${findings[0]?.betterLine}\n`, line(kept))
    assert.deepEqual(
      proposals.map(({ text }) => text),
      [line(kept)],
    )
    assert.deepEqual((await lintedText(line(kept))).findings, [])
  })

test('errors that are mailed or written anywhere are left as they are', async () => {
  for (const seen of [
    '',
    '>/dev/null',
    '2>&1 >/dev/null',
    '>>/var/log/toot.log 2>&1',
    '>/dev/null 2>>/tmp/log',
  ])
    assert.deepEqual((await lintedText(line(seen))).findings, [], seen)
})

test('within a quoted script the quotes still hold', async () => {
  const quoted = (redirections: string): string =>
    `0 1 * * 0 su - mastodon -c "cd live && RAILS_ENV=production bin/tootctl media remove ${redirections}"\n`
  const { findings, proposals } = await lintedText(quoted('> /dev/null 2>&1'))
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['output-thrown-away'],
  )
  assert.equal(proposals[0]?.text, quoted(BOTH))
})

test('a unit’s own settings become the journal, and redirections of a shell it starts a file', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cornac-lost-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const unit = (settings: string, redirections: string): string =>
    `[Service]\nUser=mastodon\nWorkingDirectory=/home/mastodon/live\nEnvironment=RAILS_ENV=production\n${settings}` +
    `ExecStart=/bin/sh -c 'bin/tootctl media remove${redirections}'\n`
  const path = join(folder, 'media.service')
  const proposed = async (text: string): Promise<string | undefined> => {
    writeFileSync(path, text)
    return (await linted([path])).proposals[0]?.text
  }
  assert.equal(
    await proposed(unit('StandardOutput=null\nStandardError=null\n', '')),
    unit('StandardOutput=journal\nStandardError=journal\n', ''),
  )
  assert.equal(await proposed(unit('', ' >/dev/null 2>&1')), unit('', ` ${BOTH}`))
})
