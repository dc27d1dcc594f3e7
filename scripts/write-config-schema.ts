/** Writes docs/cornac.schema.json, which editors use to complete and check cornac.yaml. A test keeps it current. */
import { writeFile } from 'node:fs/promises'
import { ownSettingsJsonSchema } from '../src/config/own-settings.ts'

const target = new URL('../docs/cornac.schema.json', import.meta.url)
await writeFile(target, `${JSON.stringify(ownSettingsJsonSchema(), null, 2)}\n`)
