/**
 * The verb `orphans` up to its plan: a scan of everything, what it saw remembered beside what scans before it saw, and a plan
 * of those orphans that two scans saw far enough apart.
 */
import type { Finding } from './model/finding.ts'
import { ALL_KINDS, KINDS, variantsOf, type Kind } from './model/media.ts'
import type { OrphanRequest, Plan, PlanSample } from './model/plan.ts'
import { PRUNE_KINDS } from './model/prune-policy.ts'
import type { ShardTotals } from './model/shard.ts'
import { parseKey } from './model/storage-key.ts'
import { addTo, emptyTally, type Tally } from './model/tally.ts'
import { believeScan } from './believe-scan.ts'
import type { StorePrices } from './plan/cost.ts'
import { EvenSample } from './plan/even-sample.ts'
import { sealPlan } from './plan/hash-plan.ts'
import { ObjectTotals } from './plan/object-totals.ts'
import { planOrphans } from './plan/plan-orphans.ts'
import { PLAN_SAMPLES } from './plan/safety.ts'
import type { MastodonDatabase } from './ports/mastodon.ts'
import type { SeenOrphan, SightingScan, SightingStore } from './ports/plans.ts'
import type { PruneSource } from './ports/prune.ts'
import type { Progress } from './ports/runtime.ts'
import type { CallOptions, Storage } from './ports/storage.ts'
import { scan, type ScanPorts, type ScanResult } from './scan.ts'
import { storeHabits } from './store-habits.ts'

export interface ProposeOrphansPorts {
  readonly scan: ScanPorts
  readonly database: {
    readonly prune: Pick<PruneSource, 'named'>
    readonly schema: MastodonDatabase['schema']
  }
  /** Only asked what it is like. */
  readonly objects: Pick<Storage, 'traits' | 'removalTraits'>
  /** Null where nothing may be written: then nothing is remembered, and there is no plan. */
  readonly sightings: SightingStore | null
  /** Hexadecimal digits by chance. */
  readonly newName: () => string
}

export interface ProposeOrphansRequest {
  readonly instance: string
  /** Between the beginnings of the scans that see an orphan first and last, at least. */
  readonly graceMs: number
  /** Younger objects are no orphans. */
  readonly minAgeMs: number
  /** Null removes at once. */
  readonly quarantineMs: number | null
  /** Parts of storage listed side by side. */
  readonly concurrency: number
  readonly prices: StorePrices | null
}

export interface OrphanProposal {
  readonly scan: SightingScan
  /** Null if no orphan has been seen long enough, or nothing may be remembered. */
  readonly plan: Plan | null
  /** Orphans that this scan saw where only remote media lies. */
  readonly seen: Readonly<Partial<Record<Kind, Readonly<Tally>>>>
  /** Of these, seen long enough. */
  readonly ripe: Readonly<Tally>
  readonly waiting: Readonly<Tally>
  /** When the first of those that wait will have waited long enough; null if none waits. */
  readonly nextAtMs: number | null
  /** Orphans outside `cache/`, which may be local media, and those with unheard-of names: told and never taken. */
  readonly outsideCache: Readonly<Tally>
  /** Files of no known shape: told, never touched. */
  readonly strays: Readonly<Tally>
}

/** @throws KnownError if storage and database do not fit each other, or one of them stops working; nothing is remembered then */
export async function proposeOrphans(
  ports: ProposeOrphansPorts,
  request: ProposeOrphansRequest,
  { signal, progress }: CallOptions & { readonly progress: Progress },
): Promise<OrphanProposal> {
  const { instance, minAgeMs, concurrency } = request
  const options = { signal }
  const result = await scan(
    ports.scan,
    { instance, kinds: ALL_KINDS, minAgeMs, concurrency, resume: false },
    { signal, progress },
  )
  believeScan(result.totals)
  const sighting: SightingScan = { id: result.id, startedAtMs: result.startedAtMs }
  progress.stage('remembering orphans', null)
  const found = await remember(ports.sightings, instance, sighting, result, { signal, progress })
  progress.done()
  const part = { scan: sighting, ...found }
  if (ports.sightings === null)
    return { ...part, plan: null, ripe: emptyTally(), waiting: emptyTally(), nextAtMs: null }
  const { ripe, waiting, nextAtMs } = await ports.sightings.totals(
    instance,
    sighting,
    request.graceMs,
    options,
  )
  const plan =
    sumOf(ripe).count === 0
      ? null
      : await planOf(ports, ports.sightings, request, sighting, result.totals, options)
  return { ...part, plan, ripe: sumOf(ripe), waiting: sumOf(waiting), nextAtMs }
}

/** What the scan found, by where it lies; orphans where only remote media lies go into the store, if there is one. */
async function remember(
  sightings: SightingStore | null,
  instance: string,
  sighting: SightingScan,
  result: ScanResult,
  { signal, progress }: CallOptions & { readonly progress: Progress },
): Promise<Pick<OrphanProposal, 'seen' | 'outsideCache' | 'strays'>> {
  const seen: Partial<Record<Kind, Tally>> = {}
  const [outsideCache, strays] = [emptyTally(), emptyTally()]
  for await (const page of result.findings()) {
    signal?.throwIfAborted()
    const orphans: SeenOrphan[] = []
    for (const finding of page) {
      if (finding.code === 'stray') addTo(strays, finding.bytes ?? 0)
      if (finding.code !== 'orphan') continue
      const orphan = removable(finding)
      if (orphan === null) addTo(outsideCache, finding.bytes ?? 0)
      else {
        orphans.push(orphan)
        addTo((seen[orphan.kind] ??= emptyTally()), orphan.bytes)
      }
    }
    if (orphans.length > 0) await sightings?.record(instance, sighting, orphans, { signal })
    progress.advance(orphans.length)
  }
  await sightings?.complete(instance, sighting, { signal })
  return { seen, outsideCache, strays }
}

/** Null where local media may lie, for names that no table can hold, and for what a scan never says of an orphan. */
function removable({ key, kind, bytes, modifiedAtMs }: Finding): SeenOrphan | null {
  if (key === null || kind === null || bytes === null || modifiedAtMs === null) return null
  if (key.includes('\0') || !key.isWellFormed()) return null
  return parseKey(key)?.root === 'cache/' && !KINDS[kind].protected
    ? { key, kind, bytes, modifiedAtMs }
    : null
}

/** Orphans read at once. */
const PAGE = 5_000

async function planOf(
  { database, objects, scan: { clock }, newName }: ProposeOrphansPorts,
  sightings: SightingStore,
  request: ProposeOrphansRequest,
  sighting: SightingScan,
  scanned: ShardTotals,
  options: CallOptions,
): Promise<Plan> {
  const { instance, graceMs, quarantineMs, prices } = request
  const madeAtMs = clock.now()
  const totals = new ObjectTotals(madeAtMs)
  const samples = new EvenSample<PlanSample>(PLAN_SAMPLES)
  for await (const page of sightings.ripe(instance, sighting, graceMs, { after: '', size: PAGE }, options))
    for (const orphan of page) {
      totals.add(orphan)
      samples.offer(sampleOf(orphan))
    }
  const what: OrphanRequest = {
    verb: 'orphans',
    what: 'objects',
    scanId: sighting.id,
    scanStartedAtMs: sighting.startedAtMs,
    graceMs,
    quarantineMs,
  }
  return sealPlan(
    planOrphans(
      { instance, madeAtMs, schemaVersion: database.schema.schemaVersion, chance: newName() },
      {
        request: what,
        totals: totals.totals(),
        named: { ...(await database.prune.named(PRUNE_KINDS, options)), emoji: emojiNamed(scanned) },
        samples: samples.items(),
        store: await storeHabits(objects, options),
        prices,
      },
    ),
  )
}

/** Emoji are never pruned, so nobody counts their rows: from the files that the scan found claimed. */
function emojiNamed({ measured, findings }: ShardTotals): number {
  const files = (measured['emoji/remote']?.count ?? 0) + (findings['emoji/missing']?.count ?? 0)
  return Math.ceil(files / variantsOf('emoji', null).length)
}

function sampleOf({ kind, key, bytes, modifiedAtMs }: SeenOrphan): PlanSample {
  return { kind, id: null, key, domain: null, bytes, quietSinceMs: modifiedAtMs }
}

function sumOf(byKind: Readonly<Partial<Record<Kind, Readonly<Tally>>>>): Tally {
  const sum = emptyTally()
  for (const { count, bytes } of Object.values(byKind)) addTo(sum, bytes, count)
  return sum
}
