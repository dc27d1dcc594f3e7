/** Forty setups as they are found in the field, written for this test. Their findings were reviewed and stay as they are. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { findingsOf, FROZEN, setups, type CorpusFindings } from './corpus.ts'

const frozen = JSON.parse(readFileSync(FROZEN, 'utf8')) as CorpusFindings

describe('the corpus', () => {
  test('has forty setups, and findings of each', () => {
    assert.equal(setups().length, 40)
    assert.deepEqual(Object.keys(frozen).sort(), setups())
  })
  for (const setup of setups())
    test(`${setup} is judged as it was reviewed`, async () => {
      assert.deepEqual(await findingsOf(setup), frozen[setup])
    })
})
