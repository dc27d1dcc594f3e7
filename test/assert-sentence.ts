/** What an admin may be shown when something is wrong, and what not. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { CornacRun } from './run-cornac.ts'

/** Values of variables that hold secrets. */
export function secretsOf(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env)
    .filter(([name]) => /PASS|SECRET|ACCESS_KEY_ID/.test(name))
    .map(([, value]) => value)
}

/** No stack and no secret on either stream. */
export function assertNothingLeaks(run: CornacRun, secrets: readonly string[]): void {
  const shown = run.stdout + run.stderr
  assert.doesNotMatch(shown, /\n\s+at /, 'a stack trace')
  for (const secret of secrets) assert.ok(!shown.includes(secret), `${secret} is shown:\n${shown}`)
}

/** One sentence on stderr that says what is wrong and what to do, and nothing on stdout. */
export function assertSentence(run: CornacRun, expected: { code: number; says: RegExp }): void {
  assert.match(run.stderr, expected.says)
  assert.match(run.stderr, /^cornac: [^\n]+[.?]\n$/, 'one line')
  assert.doesNotMatch(run.stderr, /\.\.\n|undefined|null|\[object/)
  assert.deepEqual([run.stdout, run.code, run.signal], ['', expected.code, null])
}

/** The same as one JSON object on stdout, and nothing on stderr. */
export function assertErrorObject(
  run: CornacRun,
  expected: { code: number; says: RegExp; verb: string },
): void {
  const { cornac, format, verb, error } = JSON.parse(run.stdout) as {
    cornac: string
    format: number
    verb: string | null
    error: { code: string; message: string; remedy: string }
  }
  assert.match(cornac, /^\d+\.\d+\.\d+/)
  assert.equal(format, 1)
  assert.ok(verb === expected.verb || verb === null, String(verb))
  assert.match(error.code, /^[a-z-]+$/)
  assert.match(`cornac: ${error.message}. ${error.remedy}.\n`, expected.says)
  assert.deepEqual([run.stderr, run.code, run.signal], ['', expected.code, null])
}

/** No file anywhere below a run's state folder. */
export function assertNoState(home: string): void {
  const state = join(home, 'state')
  if (!existsSync(state)) return
  const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  assert.deepEqual(
    files.map(({ name }) => name),
    [],
  )
}
