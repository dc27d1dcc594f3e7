import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { idPosition, LAST_POSITION } from '../model/id-position.ts'
import { compareKeys } from '../model/key-order.ts'
import { ALL_KINDS, type Kind } from '../model/media.ts'
import { claimedKeys, parseKey } from '../model/storage-key.ts'
import { planShards } from './plan-shards.ts'

const cutLists = fc.array(fc.integer({ min: 0, max: LAST_POSITION }), { maxLength: 6 })
const cuts = cutLists.map(
  (list) => new Map<Kind, number[]>(ALL_KINDS.map((kind) => [kind, [...list].sort((a, b) => a - b)])),
)

test('shards of a full scan lie end to end and cover every key there can be', () => {
  fc.assert(
    fc.property(cuts, (cutMap) => {
      const shards = planShards({ kinds: ALL_KINDS, cuts: cutMap })
      assert.equal(shards[0]?.after, '')
      assert.equal(shards.at(-1)?.through, null)
      for (const [i, shard] of shards.entries()) {
        assert.equal(shard.number, i)
        if (i > 0) assert.equal(shard.after, shards[i - 1]?.through)
        if (shard.through !== null) assert.ok(compareKeys(shard.after, shard.through) < 0)
      }
    }),
  )
})

test('a record and its key fall into the same shard', () => {
  const ids = fc.oneof(
    fc.bigInt({ min: 1n, max: 10n ** 18n }),
    fc.bigInt({ min: 1n, max: 99_999n }),
    fc.constant(-99n),
  )
  fc.assert(
    fc.property(cuts, ids, fc.constantFrom(...ALL_KINDS), fc.boolean(), (cutMap, id, kind, remote) => {
      const [claim] = claimedKeys({
        ...{ kind, id: id.toString(), remote, domain: null, fileName: 'a.png', contentType: null, bytes: 1 },
        ...{ assignedAtMs: 0, storageVersion: 1, remoteUrl: null, hidden: false },
      })
      assert.ok(claim !== undefined)
      const home = planShards({ kinds: ALL_KINDS, cuts: cutMap }).find(
        ({ after, through }) =>
          compareKeys(after, claim.key) < 0 && (through === null || compareKeys(claim.key, through) <= 0),
      )
      assert.equal(home?.kind, kind)
      assert.equal(home?.root, parseKey(claim.key)?.root)
      const position = idPosition(id.toString())
      assert.ok(home.positions !== null && home.positions.from <= position && position <= home.positions.to)
    }),
    { numRuns: 1_000 },
  )
})

test('a scan of named kinds looks at nothing else', () => {
  const shards = planShards({ kinds: ['avatar'], cuts: new Map() })
  assert.deepEqual(
    shards.map(({ kind, root }) => `${kind} ${root}`),
    ['avatar ', 'avatar cache/'],
  )
})
