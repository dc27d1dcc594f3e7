/** Heal among bad origins and under the moderators' rules: what fails, what is left alone, what never changes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Vice } from '../../lab/fediverse/vices.ts'
import type { HealTarget } from '../../src/core/model/heal-target.ts'
import type { FailReason } from '../../src/core/model/heal-outcome.ts'
import {
  fediverse,
  onDisk,
  heal,
  broken,
  followedPictures,
  fetchable,
  everything,
  breakProfiles,
  findingsOfProfiles,
} from '../heal-stage.ts'
import { needs } from '../needs.ts'

/** Every vice and how a picture that meets it ends: `healed`, or why not. */
const ENDS: readonly (readonly [Vice, FailReason | 'healed'])[] = [
  [{ kind: 'status', status: 404 }, 'gone'],
  [{ kind: 'status', status: 410 }, 'gone'],
  [{ kind: 'status', status: 403 }, 'refused'],
  [{ kind: 'status', status: 500 }, 'unavailable'],
  [{ kind: 'status', status: 429, retryAfter: '1' }, 'unavailable'],
  [{ kind: 'silent' }, 'timeout'],
  [{ kind: 'slow', bytesPerSecond: 50 }, 'timeout'],
  [{ kind: 'hangs-up' }, 'unreachable'],
  [{ kind: 'babbles' }, 'unreachable'],
  [{ kind: 'redirects', hops: 2 }, 'healed'],
  [{ kind: 'redirects', hops: 9 }, 'too-many-redirects'],
  [{ kind: 'redirect-loop' }, 'too-many-redirects'],
  [{ kind: 'redirect-to', location: 'http://10.0.0.1/a.png' }, 'private-address'],
  [{ kind: 'redirect-to', location: 'file:///etc/passwd' }, 'bad-url'],
  [{ kind: 'wrong-type', contentType: 'text/html' }, 'healed'],
  [{ kind: 'page' }, 'wrong-type'],
  [{ kind: 'truncated' }, 'unreachable'],
  [{ kind: 'reset' }, 'unreachable'],
  [{ kind: 'huge', bytes: 50 * 1024 * 1024 }, 'too-large'],
  [{ kind: 'file', file: 'svg' }, 'wrong-type'],
  [{ kind: 'file', file: 'bmp' }, 'wrong-type'],
  [{ kind: 'file', file: 'avif' }, 'wrong-type'],
  [{ kind: 'file', file: 'empty' }, 'wrong-type'],
  [{ kind: 'file', file: 'png-bomb' }, 'too-many-pixels'],
  [{ kind: 'file', file: 'webp-bomb' }, 'too-many-pixels'],
  [{ kind: 'file', file: 'gif-bomb' }, 'too-many-pixels'],
  [{ kind: 'gzip-bomb' }, 'too-large'],
  [{ kind: 'needs-signature' }, 'refused'],
]

test(
  'every vice at once: healthy pictures are healed, each vice has its own end, and what failed is as it was',
  needs('postgres'),
  () =>
    onDisk(async (stage) => {
      await breakProfiles(stage)
      const targets = await fetchable(stage)
      assert.ok(targets.length > ENDS.length + 10, `only ${targets.length} pictures to try`)
      const expected: Partial<Record<FailReason, number>> = {}
      const failing = new Set<string>()
      for (const [i, [vice, end]] of ENDS.entries()) {
        const { record } = targets[i] as HealTarget
        fediverse.setVice(record.remoteUrl as string, vice)
        if (end === 'healed') continue
        expected[end] = (expected[end] ?? 0) + 1
        failing.add(`${record.id} ${record.kind}`)
      }
      const wanted = await broken(stage)
      const before = await everything(stage)
      const result = await heal(stage)
      assert.deepEqual(result.failed, expected)
      assert.equal(result.healed, wanted - failing.size)
      for (const { record } of await followedPictures(stage))
        if (failing.has(`${record.id} ${record.kind}`)) assert.equal(record.fileName, null)
      const after = await everything(stage)
      for (const [key, bytes] of before.objects) assert.equal(after.objects.get(key), bytes, key)
      const followed = new Set((await followedPictures(stage)).map(({ record }) => record.id))
      for (const [id, row] of before.rows) if (!followed.has(id)) assert.equal(after.rows.get(id), row)
      assert.deepEqual(
        (await findingsOfProfiles(stage)).filter((line) => line.startsWith('orphan')),
        [],
      )
      for (const host of fediverse.hosts)
        assert.ok(host.visits().peak <= 2, 'never more than two at once from one origin')
    }),
)

test(
  'suspended accounts, blocked domains and rejected media are left alone, each counted under its reason',
  needs('postgres'),
  () =>
    onDisk(async (stage) => {
      const { sql } = stage
      await breakProfiles(stage)
      const [one, two, three, four] = [
        ...new Map((await fetchable(stage)).map((picture) => [picture.record.domain, picture])).values(),
      ]
      assert.ok(one && two && three && four)
      await sql('UPDATE accounts SET suspended_at = now() WHERE id = $1', [one.record.id])
      const block = (domain: string | null, severity: number, reject: boolean): Promise<unknown> =>
        sql(
          'INSERT INTO domain_blocks (domain, severity, reject_media, created_at, updated_at) VALUES ($1, $2, $3, now(), now())',
          [domain, severity, reject],
        )
      await block(two.record.domain, 1, false)
      await block(three.record.domain, 0, true)
      await block(four.record.domain, 0, false)
      fediverse.hosts.forEach((host) => host.forget())
      const before = await everything(stage)
      const result = await heal(stage)
      assert.ok((result.skipped.suspended ?? 0) >= 1)
      assert.ok((result.skipped['domain-suspended'] ?? 0) >= 1)
      assert.ok((result.skipped['reject-media'] ?? 0) >= 1)
      const after = await everything(stage)
      for (const { record } of [one, two, three])
        assert.equal(after.rows.get(record.id), before.rows.get(record.id))
      assert.notEqual(
        after.rows.get(four.record.id),
        before.rows.get(four.record.id),
        'silencing stops no picture',
      )
      const asked = new Set(fediverse.hosts.flatMap((host) => [...host.visits().paths.keys()]))
      for (const { record } of [one, two, three])
        assert.ok(!asked.has(new URL(record.remoteUrl as string).pathname))
    }),
)

test('under limited federation only allowed domains are asked', needs('postgres'), () =>
  onDisk(
    async (stage) => {
      await breakProfiles(stage)
      const [friend] = await fetchable(stage)
      assert.ok(friend)
      await stage.sql(
        'INSERT INTO domain_allows (domain, created_at, updated_at) VALUES ($1, now(), now())',
        [friend.record.domain],
      )
      const result = await heal(stage)
      assert.ok(result.healed >= 1)
      assert.ok((result.skipped['not-allowed'] ?? 0) > 20)
      for (const { record } of await followedPictures(stage))
        if (
          record.fileName !== null &&
          /^[0-9a-f]{16}\./.test(record.fileName) &&
          record.assignedAtMs !== null &&
          record.assignedAtMs > Date.now() - 60_000
        )
          assert.equal(record.domain, friend.record.domain)
    },
    { env: { LIMITED_FEDERATION_MODE: 'true' } },
  ),
)
