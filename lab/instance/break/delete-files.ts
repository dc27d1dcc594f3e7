import type { ExpectedFinding } from '../expected-findings.ts'
import { mediaOf, victimKeysOf, type Breakable, type Breakage, type VictimOptions } from './breakage.ts'

/**
 * Files deleted behind the database's back: a bucket rule, a failed move, `rm`. Every variant of the rows hit goes;
 * each becomes `missing`.
 */
export async function deleteFiles(instance: Breakable, options: VictimOptions = {}): Promise<Breakage> {
  const media = mediaOf(instance)
  const findings: ExpectedFinding[] = []
  let batch: string[] = []
  for await (const { key, file } of victimKeysOf(instance, 'delete', options)) {
    findings.push({ code: 'missing', kind: file.kind, id: file.id, key })
    batch.push(key)
    if (batch.length === 500) {
      await media.remove(batch)
      batch = []
    }
  }
  await media.remove(batch)
  return { findings, files: findings.length, bytes: 0 }
}
