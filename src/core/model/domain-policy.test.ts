import assert from 'node:assert/strict'
import { test } from 'node:test'
import { effectiveBlock, refusalOf, type DomainBlock } from './domain-policy.ts'

const rows: DomainBlock[] = [
  { domain: 'bad.example', severity: 'suspend', rejectMedia: true },
  { domain: 'good.bad.example', severity: 'noop', rejectMedia: false },
  { domain: 'quiet.example', severity: 'silence', rejectMedia: false },
  { domain: 'heavy.example', severity: 'silence', rejectMedia: true },
  { domain: 'shut.example', severity: 'suspend', rejectMedia: false },
]
const rules = {
  blocks: new Map(rows.map((row) => [row.domain, row])),
  allowed: new Set(['friend.example']),
  limitedFederation: false,
}

test('the longest matching row alone decides', () => {
  assert.equal(effectiveBlock('a.b.bad.example', rules.blocks)?.domain, 'bad.example')
  assert.equal(effectiveBlock('x.good.bad.example', rules.blocks)?.domain, 'good.bad.example')
  assert.equal(effectiveBlock('notbad.example', rules.blocks), undefined)
  assert.equal(refusalOf('x.good.bad.example', rules), null)
})

test('reject_media and suspension are told apart, silencing refuses nothing', () => {
  assert.equal(refusalOf('bad.example', rules), 'reject-media')
  assert.equal(refusalOf('heavy.example', rules), 'reject-media')
  assert.equal(refusalOf('Shut.Example', rules), 'domain-suspended')
  assert.equal(refusalOf('quiet.example', rules), null)
})

test('limited federation fetches only from domains named exactly', () => {
  const limited = { ...rules, limitedFederation: true }
  assert.equal(refusalOf('friend.example', limited), null)
  assert.equal(refusalOf('sub.friend.example', limited), 'not-allowed')
})
