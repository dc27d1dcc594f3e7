/** The verb `prune` up to its plan: how much the policy lets go of, of how much, with examples. Changes nothing, keeps nothing. */
import type { Plan } from './model/plan.ts'
import type { PruneCandidate } from './model/prune-candidate.ts'
import type { PruneKind, PrunePolicy } from './model/prune-policy.ts'
import type { StorePrices } from './plan/cost.ts'
import { sealPlan } from './plan/hash-plan.ts'
import { planPrune } from './plan/plan-prune.ts'
import type { MastodonDatabase } from './ports/mastodon.ts'
import type { PruneSource } from './ports/prune.ts'
import type { Clock, Progress } from './ports/runtime.ts'
import type { CallOptions, Storage } from './ports/storage.ts'
import { storeHabits } from './store-habits.ts'

export interface ProposePrunePorts {
  readonly database: {
    readonly prune: Pick<PruneSource, 'candidates' | 'count' | 'named'>
    readonly schema: MastodonDatabase['schema']
  }
  /** Only asked what it is like. */
  readonly objects: Pick<Storage, 'traits' | 'removalTraits'>
  readonly clock: Clock
  /** Hexadecimal digits by chance. */
  readonly newName: () => string
}

export interface ProposePruneRequest {
  readonly instance: string
  readonly policy: PrunePolicy
  readonly prices: StorePrices | null
}

/** A plan that may say there is nothing to do. A read-only role will do. @throws KnownError if the database stops answering */
export async function proposePrune(
  { database, objects, clock, newName }: ProposePrunePorts,
  { instance, policy, prices }: ProposePruneRequest,
  { signal, progress }: CallOptions & { readonly progress: Progress },
): Promise<Plan> {
  const options = { signal }
  progress.stage('counting files that rows name', null)
  const named = await database.prune.named(policy.kinds, options)
  progress.stage('counting what the rules let go of', null)
  const totals = await database.prune.count(policy, options)
  progress.stage('looking for examples', null)
  const candidates = totals.files.count === 0 ? [] : await someCandidates(database.prune, policy, options)
  progress.done()
  return sealPlan(
    planPrune(
      {
        instance,
        madeAtMs: clock.now(),
        schemaVersion: database.schema.schemaVersion,
        chance: newName(),
      },
      { policy, totals, named, candidates, store: await storeHabits(objects, options), prices },
    ),
  )
}

const TABLES: readonly (readonly PruneKind[])[] = [['avatar', 'header'], ['attachment'], ['card']]

/** Pages read of each table: a page is thousands of rows. */
const SAMPLED_PAGES = 2

/** The first pages of each table: candidates come table by table, and the first would hide the others. */
async function someCandidates(
  source: Pick<PruneSource, 'candidates'>,
  policy: PrunePolicy,
  options: CallOptions,
): Promise<readonly (readonly PruneCandidate[])[]> {
  const found: PruneCandidate[][] = []
  for (const table of TABLES) {
    const kinds = policy.kinds.filter((kind) => table.includes(kind))
    if (kinds.length > 0) found.push(await firstPages(source, { ...policy, kinds }, options))
  }
  return found
}

async function firstPages(
  source: Pick<PruneSource, 'candidates'>,
  policy: PrunePolicy,
  options: CallOptions,
): Promise<PruneCandidate[]> {
  const found: PruneCandidate[] = []
  let pages = 0
  for await (const { candidates } of source.candidates(policy, options)) {
    found.push(...candidates)
    if (++pages === SAMPLED_PAGES) break
  }
  return found
}
