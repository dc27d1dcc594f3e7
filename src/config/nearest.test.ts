import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from './nearest.ts'

test('a slip of the finger finds the word that was meant', () => {
  const words = ['scan', 'heal', 'usage', 'doctor']
  assert.equal(nearest('sacn', words), 'scan')
  assert.equal(nearest('usege', words), 'usage')
  assert.equal(nearest('HEAL', words), 'heal')
})

test('a word that is close to nothing suggests nothing', () => {
  assert.equal(nearest('banana', ['scan', 'heal', 'usage', 'doctor']), undefined)
})
