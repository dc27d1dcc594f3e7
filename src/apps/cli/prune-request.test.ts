import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { KnownError } from '../../core/errors.ts'
import type { PrunePolicy } from '../../core/model/prune-policy.ts'
import { parse } from './parse.ts'
import { prune } from './commands/prune.ts'
import { readPolicy, readPruneKinds, type PolicyOptions } from './prune-request.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const DAY_MS = 86_400_000

/** The policy of `cornac prune <line>`. */
async function policyOf(line: string): Promise<{ policy: PrunePolicy; notes: readonly string[] }> {
  const parsed = await parse({
    argv: ['prune', ...line.split(' ')],
    version: '0.0.0',
    commands: [{ name: 'prune', summary: 'let go', load: async () => prune }],
    groups: {},
    columns: 100,
  })
  assert.ok(parsed.kind === 'run')
  return readPolicy(readPruneKinds(parsed.words), parsed.options as PolicyOptions, NOW)
}

async function refusal(line: string): Promise<string> {
  const error: unknown = await policyOf(line).then(
    () => assert.fail(`${line} was accepted`),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof KnownError)
  assert.equal(error.category, 'usage')
  return error.message
}

describe('what prune is asked', () => {
  test('each preset has its days; what tootctl keeps apart needs a number', async () => {
    const days = async (line: string): Promise<number> =>
      (NOW - (await policyOf(line)).policy.cutoffMs) / DAY_MS
    assert.equal(await days('avatars'), 30)
    assert.equal(await days('cards attachments'), 30)
    assert.equal(await days('attachments --preset tootctl'), 7)
    assert.equal(await days('cards --preset tootctl'), 180)
    assert.equal(await days('cards avatars --preset tootctl --days 14'), 14)
    assert.equal(await days('avatars --days 0.5'), 0.5)
    assert.match(
      await refusal('cards avatars --preset tootctl'),
      /together they need a number of days.*--days/,
    )
  })

  test('no days at all is only taken from somebody who names the preset too', async () => {
    assert.match(await refusal('avatars --days 0'), /however young it is.*--days 0 --preset cornac/)
    assert.match(await refusal('avatars --days 0.0'), /however young/)
    assert.equal((await policyOf('avatars --days 0 --preset tootctl')).policy.cutoffMs, NOW)
  })

  test('days that are none are refused', async () => {
    for (const days of ['-1', 'week', '7d', '1e3', '36526', '', ' ', '0x10'])
      assert.match(await refusal(`avatars --days=${days}`), /--days cannot be .*Give a number of days/)
  })

  test('kinds come in the order of reports, each once, in both numbers', async () => {
    assert.deepEqual((await policyOf('card avatars avatar')).policy.kinds, ['avatar', 'card'])
    assert.deepEqual((await policyOf('cards attachment header avatar')).policy.kinds, [
      'avatar',
      'header',
      'attachment',
      'card',
    ])
  })

  test('what cannot be pruned is told why', async () => {
    assert.match(await refusal('emoji'), /Mastodon cannot save an emoji without its picture.*Leave emoji out/)
    assert.match(await refusal('thumbnails'), /each goes with its attachment.*Name attachments/)
    assert.match(await refusal('avatars backups'), /backups are this server’s own/)
    assert.match(await refusal('site-uploads'), /site-uploads are this server’s own/)
    assert.match(await refusal('pictures'), /pictures is no kind of media.*avatars headers attachments cards/)
    assert.throws(() => readPruneKinds([]), /was not told what to prune.*avatars headers attachments cards/)
  })

  test('options about other kinds than the named ones are refused', async () => {
    assert.match(await refusal('attachments --include-follows'), /about avatars and headers/)
    assert.match(await refusal('avatars --keep-interacted --preset tootctl'), /about attachments/)
    assert.match(await refusal('avatars --link'), /--link is about cards/)
    assert.match(await refusal('avatars cards --domain a.example'), /cards belong to no domain/)
  })

  test('cornac always keeps what people had to do with, and says so; tootctl only if it is told', async () => {
    const cornac = await policyOf('attachments --keep-interacted')
    assert.equal(cornac.policy.keepInteracted, true)
    assert.match(cornac.notes.join(), /always keeps .*changes nothing\.$/)
    assert.deepEqual((await policyOf('attachments')).notes, [])
    assert.equal((await policyOf('attachments --preset tootctl')).policy.keepInteracted, false)
    const told = await policyOf('attachments --preset tootctl --keep-interacted')
    assert.deepEqual([told.policy.keepInteracted, told.notes], [true, []])
  })

  test('a domain is written as accounts have it', async () => {
    assert.equal((await policyOf('avatars --domain Bücher.EXAMPLE')).policy.domain, 'xn--bcher-kva.example')
    assert.equal((await policyOf('avatars --domain @a.example')).policy.domain, 'a.example')
    assert.equal((await policyOf('avatars')).policy.domain, null)
    for (const wrong of ['https://a.example/', 'a.example/x', 'a@b.example', 'a.example:443', ''])
      assert.match(await refusal(`avatars --domain=${wrong}`), /--domain cannot be .*such as example\.org/)
  })
})
