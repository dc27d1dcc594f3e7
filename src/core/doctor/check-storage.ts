/** Storage: is it the one this database belongs to? */
import { claimedKeys } from '../model/storage-key.ts'
import type { CallOptions, ObjectReader } from '../ports/storage.ts'
import type { VitalsSource } from '../ports/vitals.ts'
import type { Check } from './check.ts'

const SAMPLE = 20

/** The wrong bucket or folder shows at once: nothing the database names is there. */
export async function aboutMatch(
  database: VitalsSource,
  storage: ObjectReader,
  options: CallOptions,
): Promise<Check | null> {
  const sample = await database.sampleNamed(SAMPLE, options)
  let present = 0
  let uncertain: string | null = null
  for (const record of sample) {
    const [claim] = claimedKeys(record)
    if (claim === undefined) continue
    const stat = await storage.stat(claim.key, options)
    if (stat.state === 'present') present++
    if (stat.state === 'unknown') uncertain = stat.reason
  }
  if (sample.length === 0) return null
  const says = `of the ${sample.length} newest avatars the database names, ${present === sample.length ? 'all' : present} are in storage`
  if (uncertain !== null)
    return {
      about: 'storage',
      state: 'bad',
      says: `storage will not show some files: ${uncertain}`,
      remedy: 'check the rights of this user or key',
    }
  if (present === 0 && sample.length >= 5)
    return {
      about: 'storage',
      state: 'bad',
      says: `none of the ${sample.length} newest avatars the database names is in storage`,
      remedy:
        'if this is not the aftermath of an accident, storage and database belong to different servers: check S3_BUCKET, S3_KEY_PREFIX or PAPERCLIP_ROOT_PATH',
    }
  return {
    about: 'storage',
    state: present === sample.length ? 'good' : 'note',
    says,
    remedy: present === sample.length ? null : 'run cornac scan to see all that is missing',
  }
}
