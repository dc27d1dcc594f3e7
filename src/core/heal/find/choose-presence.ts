/** How heal learns what storage holds: one question per key for a few records, one listing for many. */
import type { HealKind } from '../../model/heal-target.ts'
import type { Kind } from '../../model/media.ts'
import type { Clock, Progress } from '../../ports/runtime.ts'
import type { RecordSource } from '../../ports/records.ts'
import type { ScanStore } from '../../ports/state.ts'
import type { CallOptions, ObjectLister, ObjectReader, StorageTraits } from '../../ports/storage.ts'
import { scan } from '../../scan.ts'
import type { Choice } from './choose-targets.ts'
import { lookByFindings, lookByKey, type PresenceLook } from './presence.ts'

export interface PresencePorts {
  readonly records: RecordSource
  readonly objects: ObjectReader & ObjectLister & { readonly traits: StorageTraits }
  readonly scans: () => Promise<ScanStore>
  readonly clock: Clock
}

/**
 * Records from which a listing is worth it where every question is a request: a page of 1,000 keys costs what one question
 * costs. On a disk a question costs no more than its part of a walk.
 */
const MANY_RECORDS = 5_000

/** @param expected records in the scope, roughly */
export async function choosePresence(
  ports: PresencePorts,
  request: {
    readonly instance: string
    readonly choice: Choice
    readonly kinds: readonly HealKind[]
    readonly expected: number
  },
  options: CallOptions & { readonly progress: Progress },
): Promise<PresenceLook> {
  const { choice, kinds, expected } = request
  const asks = ports.objects.traits.listPage !== null
  if (choice.by === 'findings' || !asks || expected < MANY_RECORDS) return lookByKey(ports.objects)
  const scanned = await scan(
    { records: ports.records, objects: ports.objects, store: await ports.scans(), clock: ports.clock },
    { instance: request.instance, kinds: withThumbnails(kinds), minAgeMs: 0, concurrency: 4, resume: false },
    options,
  )
  return lookByFindings(ports.objects, scanned.findings())
}

function withThumbnails(kinds: readonly HealKind[]): readonly Kind[] {
  return kinds.includes('attachment') ? [...kinds, 'thumbnail'] : kinds
}
