/** Writes what lint says of the corpus now. For when a rule has changed on purpose: review the difference before committing it. */
import { writeFile } from 'node:fs/promises'
import { findingsOf, FROZEN, setups } from './corpus.ts'

const found: Record<string, readonly string[]> = {}
for (const setup of setups()) found[setup] = await findingsOf(setup)
await writeFile(FROZEN, `${JSON.stringify(found, null, 2)}\n`)
