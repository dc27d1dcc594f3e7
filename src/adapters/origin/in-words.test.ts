import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inWords } from './in-words.ts'

it('what an origin wrote becomes one short line that moves no cursor and turns no direction', () => {
  assert.equal(inWords(' text/html;\r\n\u001b[2J charset=x '), 'text/html; [2J charset=x')
  assert.equal(inWords('a\u202eb\u2028c\u0000d'), 'a b c d')
  assert.equal(inWords('ü'.repeat(200)).length, 120)
})
