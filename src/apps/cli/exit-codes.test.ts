import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { EXIT_CODES } from './exit-codes.ts'

test('docs/exit-codes.md is the same table', async () => {
  const text = await readFile(new URL('../../../docs/exit-codes.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| (\d+) +\| `(\w+)` +\| (.*?) +\|$/gm)].map(([, code, name, meaning]) => [
    name,
    { code: Number(code), meaning },
  ])
  assert.deepEqual(Object.fromEntries(rows), EXIT_CODES)
})

test('no two ends share a code', () => {
  const codes = Object.values(EXIT_CODES).map(({ code }) => code)
  assert.equal(new Set(codes).size, codes.length)
})
