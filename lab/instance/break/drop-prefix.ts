import type { ExpectedFinding } from '../expected-findings.ts'
import { keysInDatabase } from '../rows-in-database.ts'
import { mediaOf, type Breakable, type Breakage } from './breakage.ts'

/**
 * Everything below a prefix is gone: a lifecycle rule with the wrong filter, a folder left behind in a move.
 * What rows claim there becomes `missing`; what nobody claimed there is no orphan any more.
 */
export async function dropPrefix(instance: Breakable, prefix: string): Promise<Breakage> {
  const media = mediaOf(instance)
  let files = 0
  let bytes = 0
  let batch: string[] = []
  for await (const object of media.list(prefix)) {
    files += 1
    bytes += object.bytes
    batch.push(object.key)
    if (batch.length === 500) {
      await media.remove(batch)
      batch = []
    }
  }
  await media.remove(batch)
  const findings: ExpectedFinding[] = []
  for await (const { key, file } of keysInDatabase(instance.databaseUrl, instance.version)) {
    if (key.startsWith(prefix)) findings.push({ code: 'missing', kind: file.kind, id: file.id, key })
  }
  return { findings, files, bytes }
}
