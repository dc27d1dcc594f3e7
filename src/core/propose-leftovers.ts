/** The verb `orphans` for what takes space in a bucket and is no object: unfinished uploads, old versions. Changes nothing. */
import { KnownError } from './errors.ts'
import type { LeftoverRequest, Plan, PlanSample } from './model/plan.ts'
import { parseKey } from './model/storage-key.ts'
import { emptyTally, type Tally } from './model/tally.ts'
import { replacedVersions, staleUploads } from './choose-leftovers.ts'
import type { StorePrices } from './plan/cost.ts'
import { sealPlan } from './plan/hash-plan.ts'
import { ObjectTotals } from './plan/object-totals.ts'
import { planLeftovers } from './plan/plan-orphans.ts'
import { EvenSample } from './plan/even-sample.ts'
import { PLAN_SAMPLES } from './plan/safety.ts'
import type { MastodonDatabase } from './ports/mastodon.ts'
import type { Clock, Progress } from './ports/runtime.ts'
import type { CallOptions, LeftoverLister, ObjectLister, Storage } from './ports/storage.ts'
import { storeHabits } from './store-habits.ts'

export interface ProposeLeftoversPorts {
  readonly objects: ObjectLister &
    Pick<Storage, 'traits' | 'removalTraits' | 'use'> & { readonly leftovers: LeftoverLister | null }
  readonly database: Pick<MastodonDatabase, 'schema'>
  readonly clock: Clock
  /** Hexadecimal digits by chance. */
  readonly newName: () => string
}

export interface ProposeLeftoversRequest {
  readonly instance: string
  readonly what: LeftoverRequest['what']
  /** Only those begun, or replaced, before; milliseconds since the epoch. */
  readonly beforeMs: number
  readonly prices: StorePrices | null
}

export interface LeftoverProposal {
  /** May say there is nothing to do. */
  readonly plan: Plan
  /** Of versions: what removals left in place of objects, under `cache/`. Told, never taken. */
  readonly markers: Readonly<Tally>
}

/** @throws KnownError `storage-not-offered` where a store has none of it */
export async function proposeLeftovers(
  { objects, database, clock, newName }: ProposeLeftoversPorts,
  { instance, what, beforeMs, prices }: ProposeLeftoversRequest,
  { signal, progress }: CallOptions & { readonly progress: Progress },
): Promise<LeftoverProposal> {
  const { leftovers } = objects
  if (leftovers === null)
    throw new KnownError({
      code: 'storage-not-offered',
      what: `${objects.traits.description} keeps neither unfinished uploads nor old versions`,
      remedy: 'There is nothing of that sort to remove',
      category: 'usage',
    })
  const options = { signal }
  const madeAtMs = clock.now()
  const requestsBefore = objects.use().listRequests
  const totals = new ObjectTotals(madeAtMs)
  const samples = new EvenSample<PlanSample>(PLAN_SAMPLES)
  const markers = emptyTally()
  const add = (key: string, bytes: number | null, modifiedAtMs: number): void => {
    const kind = parseKey(key)?.kind ?? null
    totals.add({ kind, bytes: bytes ?? 0, modifiedAtMs })
    // A plan has to fit into a table.
    if (!key.includes('\0') && key.isWellFormed())
      samples.offer({ kind, id: null, key, domain: null, bytes, quietSinceMs: modifiedAtMs })
  }
  progress.stage(what === 'unfinished-uploads' ? 'listing uploads' : 'listing versions', null)
  if (what === 'unfinished-uploads')
    for await (const page of staleUploads(leftovers, beforeMs, options)) {
      // What a part weighs is told by a request each, so nobody asks.
      for (const { key, startedAtMs } of page) add(key, null, startedAtMs)
      progress.advance(page.length)
    }
  else
    for await (const page of replacedVersions({ leftovers, objects }, beforeMs, options)) {
      for (const { key, bytes, modifiedAtMs } of page.replaced) add(key, bytes, modifiedAtMs)
      markers.count += page.markers.length
      progress.advance(page.replaced.length)
    }
  progress.done()
  const plan = planLeftovers(
    { instance, madeAtMs, schemaVersion: database.schema.schemaVersion, chance: newName() },
    {
      request: { verb: 'orphans', what, beforeMs },
      listed: (objects.use().listRequests - requestsBefore) * (objects.traits.listPage ?? 0),
      totals: totals.totals(),
      samples: samples.items(),
      store: await storeHabits(objects, options),
      prices,
    },
  )
  return { plan: sealPlan(plan), markers }
}
