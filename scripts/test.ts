/**
 * `npm test`: everything `npm run check` does, and all tests against real servers. `npm test -- TEXT...` runs only the
 * test files whose path contains one of the texts, without the checks of the source.
 */
import { dirname } from 'node:path'
import { runTestFiles } from './run-test-files.ts'
import { startSharedServers } from './start-shared-servers.ts'
import { runStaticChecks } from './static-checks.ts'
import { findTestFiles } from './test-files.ts'

const root = dirname(import.meta.dirname)
const filters = process.argv.slice(2)
const { unit, withServers } = await findTestFiles(root, filters)
// the servers start while the tools read the source
const starting = withServers.length > 0 ? startSharedServers() : undefined
const wellFormed = filters.length > 0 || (await runStaticChecks(root))
const servers = await starting
Object.assign(process.env, servers?.env)
try {
  const passed = await runTestFiles(root, [...unit, ...withServers], { timeoutMs: 24 * 60_000 })
  process.exitCode = wellFormed && passed ? 0 : 1
} finally {
  await servers?.stop()
}
