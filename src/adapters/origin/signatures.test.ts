import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openSignatures } from './signatures.ts'

it('a host of which nothing is known is signed to as always', () => {
  const signatures = openSignatures(null, () => 0)
  assert.equal(signatures.formOf('a.example'), 'draft-cavage')
  signatures.remember('a.example', 'rfc9421')
  assert.equal(signatures.formOf('a.example'), 'rfc9421')
  assert.equal(signatures.formOf('a.example:8443'), 'draft-cavage')
  signatures.remember('a.example', 'draft-cavage')
  assert.equal(signatures.formOf('a.example'), 'draft-cavage')
})

it('of very many hosts the ones learnt last are kept in mind', () => {
  const signatures = openSignatures(null, () => 0)
  for (let host = 0; host < 20_000; host++) signatures.remember(`h${host}.example`, 'rfc9421')
  assert.equal(signatures.formOf('h19999.example'), 'rfc9421')
  assert.equal(signatures.formOf('h0.example'), 'draft-cavage')
})
