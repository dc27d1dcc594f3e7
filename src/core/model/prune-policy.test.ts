import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KEEP_RULES, keepRule } from '../plan/keep-rules.ts'
import { attachmentIdBound, cutoffOf, keepRulesFor, PRUNE_KINDS, type PrunePolicy } from './prune-policy.ts'

const POLICY: PrunePolicy = {
  preset: 'tootctl',
  kinds: PRUNE_KINDS,
  cutoffMs: 0,
  madeAtMs: 0,
  includeFollows: false,
  keepInteracted: true,
  linkOnly: true,
  domain: 'a.example',
}

test('days before a moment are whole milliseconds, and never later than they should be', () => {
  const now = Date.UTC(2026, 0, 31, 12, 0, 0, 123)
  assert.equal(cutoffOf(7, now), Date.UTC(2026, 0, 24, 12, 0, 0, 123))
  assert.equal(cutoffOf(0.5, now), Date.UTC(2026, 0, 31, 0, 0, 0, 123))
  assert.equal(cutoffOf(0, now), now)
  const odd = cutoffOf(1 / 3, now)
  assert.ok(Number.isInteger(odd) && odd <= now - 86_400_000 / 3)
})

test('the bound of ids lies one day and one second after the cut-off', () => {
  // 2024-01-01T00:00:00Z is 111677748019200000 (docs/mastodon.md#ids); 86,401,000 milliseconds more, sixteen bits up.
  const bound = 111_677_748_019_200_000n + (86_401_000n << 16n)
  assert.equal(attachmentIdBound(Date.UTC(2024, 0, 1)), bound)
  assert.equal(attachmentIdBound(Date.UTC(2024, 0, 1) + 999), bound)
  assert.equal(attachmentIdBound(Date.UTC(1960, 0, 1)), 0n)
})

test('quotes keep nothing where there is no table of them, and everything else stays as it was', () => {
  for (const preset of ['tootctl', 'cornac'] as const)
    for (const kind of PRUNE_KINDS) {
      const policy = { ...POLICY, preset }
      const without = keepRulesFor(policy, kind, { quotes: false })
      const withThem = keepRulesFor(policy, kind, { quotes: true })
      assert.deepEqual(
        withThem.filter((rule) => rule !== 'quoted-here' && rule !== 'quotes-us'),
        without,
      )
      const asks = kind === 'attachment' || (kind === 'card' && preset === 'cornac')
      assert.equal(withThem.length - without.length, asks ? 2 : 0)
    }
})

test('every rule that may keep a record has a sentence of its own', () => {
  const sentences = new Set(KEEP_RULES.map(({ sentence }) => sentence))
  assert.equal(sentences.size, KEEP_RULES.length)
  for (const { name, sentence } of KEEP_RULES) assert.match(sentence, /^[A-Z].+\.$/, name)
  for (const preset of ['tootctl', 'cornac'] as const)
    for (const kind of PRUNE_KINDS)
      for (const rule of keepRulesFor({ ...POLICY, preset }, kind, { quotes: true }))
        assert.ok(KEEP_RULES.includes(KEEP_RULES.find(({ name }) => name === rule) ?? keepRule(rule)), rule)
})
