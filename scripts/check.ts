/**
 * `npm run check`: formatter, linter (with the import walls), compiler and the tests that need no server.
 * Fast enough to run before every commit.
 */
import { dirname } from 'node:path'
import { runTestFiles } from './run-test-files.ts'
import { runStaticChecks } from './static-checks.ts'
import { findTestFiles } from './test-files.ts'

const root = dirname(import.meta.dirname)
const wellFormed = await runStaticChecks(root)
const { unit } = await findTestFiles(root, process.argv.slice(2))
const passed = await runTestFiles(root, unit, { timeoutMs: 120_000 })
process.exitCode = wellFormed && passed ? 0 : 1
