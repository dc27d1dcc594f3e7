import type { ExpectedFinding } from '../expected-findings.ts'
import { keysOfFile } from '../rows-in-database.ts'
import { DAY_MS } from '../world.ts'
import { mediaOf, victimsOf, type Breakable, type Breakage, type VictimOptions } from './breakage.ts'

/**
 * Files cut short, as a full disk or a torn upload leaves them: every third to nothing, the others to half. Only
 * originals are hit, as rows state the size of nothing else; each becomes `mismatched`. On disk they are ten days old.
 */
export async function truncateFiles(instance: Breakable, options: VictimOptions = {}): Promise<Breakage> {
  const media = mediaOf(instance)
  const findings: ExpectedFinding[] = []
  let lost = 0
  for await (const file of victimsOf(instance, 'truncate', options)) {
    const original = keysOfFile(file)[0]
    const content = original === undefined ? null : await media.get(original.key)
    if (original === undefined || content === null) continue
    const kept = findings.length % 3 === 0 ? 0 : Math.floor(content.length / 2)
    await media.put(original.key, content.subarray(0, kept), file.contentType ?? 'application/octet-stream', {
      modifiedAtMs: Date.now() - 10 * DAY_MS,
    })
    findings.push({ code: 'mismatched', kind: file.kind, id: file.id, key: original.key })
    lost += content.length - kept
  }
  return { findings, files: findings.length, bytes: lost }
}
