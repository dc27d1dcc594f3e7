/** The stage of the tests that let go: a little Mastodon, its storage, and the engine opened as the program opens it. */
import { applyPlan } from '../src/core/apply/apply-plan.ts'
import type { ApplyBudget, ApplyRequest, ApplyResult } from '../src/core/apply/apply-request.ts'
import { openApply, openUndo } from '../src/core/apply/open-apply.ts'
import { undoRun, type UndoPorts } from '../src/core/apply/undo.ts'
import type { UndoResult } from '../src/core/apply/apply-request.ts'
import type { OtherWork } from '../src/core/ports/runtime.ts'
import type { Plan } from '../src/core/model/plan.ts'
import { CANARY_KEY } from '../src/core/model/own-keys.ts'
import { NO_OVERRIDES } from '../src/core/model/overrides.ts'
import { cutoffOf, type PruneKind, type PrunePolicy } from '../src/core/model/prune-policy.ts'
import { silentProgress } from '../src/core/ports/runtime.ts'
import { proposePrune } from '../src/core/propose-prune.ts'
import { LIMITS, type Stage } from './heal-stage.ts'
import { truthOf, type Truth } from './faults/truth.ts'

/** Midday, and nobody else at work: tests run at any hour, beside anything. */
export const QUIET: OtherWork = { localHour: () => 12, runningTootctl: async () => [] }

const NO_LIMITS: ApplyBudget = {
  maxFiles: null,
  maxBytes: null,
  maxDurationMs: null,
  requestsPerSecond: null,
}

/** Everything may go: what a test does not mean to hold back. */
const EVERYTHING = {
  ...NO_OVERRIDES,
  shares: { avatar: 1, header: 1, attachment: 1, thumbnail: 1, card: 1, emoji: 1 },
}

/** Lets go of everything old that the rules of the preset do not keep. */
export function policyOf(
  policy: Partial<PrunePolicy> & { readonly kinds: readonly PruneKind[] },
): PrunePolicy {
  const now = Date.now()
  return {
    preset: 'tootctl',
    cutoffMs: cutoffOf(0, now),
    madeAtMs: now,
    includeFollows: false,
    keepInteracted: false,
    linkOnly: false,
    domain: null,
    ...policy,
  }
}

export async function planOf(stage: Stage, policy: PrunePolicy): Promise<Plan> {
  const { instance } = stage.open
  return proposePrune(
    {
      database: await instance.database(),
      objects: await instance.storage(),
      clock: instance.clock,
      newName: instance.newName,
    },
    { instance: instance.name, policy, prices: null },
    { progress: silentProgress },
  )
}

export interface ApplyWishes {
  readonly budget?: Partial<ApplyBudget>
  readonly overrides?: ApplyRequest['overrides']
  readonly confirmed?: ApplyRequest['confirmed']
  readonly otherWork?: OtherWork
  readonly signal?: AbortSignal
  /** Changes ports: a store that fails, a clock that is another. */
  readonly ports?: (ports: Awaited<ReturnType<typeof openApply>>) => Awaited<ReturnType<typeof openApply>>
}

export async function apply(stage: Stage, plan: Plan, wishes: ApplyWishes = {}): Promise<ApplyResult> {
  const { instance } = stage.open
  const state = await instance.state()
  await state.setUp()
  await state.plans.keep(plan)
  const opened = { ...(await openApply(instance)), otherWork: wishes.otherWork ?? QUIET }
  return applyPlan(
    wishes.ports?.(opened) ?? opened,
    {
      instance: instance.name,
      plan,
      budget: { ...NO_LIMITS, ...wishes.budget },
      overrides: wishes.overrides ?? EVERYTHING,
      confirmed: wishes.confirmed ?? 'person',
    },
    { progress: silentProgress, signal: wishes.signal },
  )
}

/** @param change of ports: a store that fails */
export async function undo(
  stage: Stage,
  run: string,
  change: (ports: UndoPorts) => UndoPorts = (ports) => ports,
): Promise<UndoResult> {
  const { instance } = stage.open
  const ports = await openUndo(instance, {
    ...LIMITS,
    limitedFederation: false,
    concurrency: 8,
    perHost: 2,
  })
  return undoRun(
    change({ ...ports, otherWork: QUIET }),
    { instance: instance.name, run, maxDurationMs: null },
    { progress: silentProgress },
  )
}

/** Rows against storage, told by the lab; the canary is the only object of Cornac's own that nobody need know of. */
export async function truth(stage: Stage): Promise<Truth> {
  const all = await truthOf(stage.lab)
  return { ...all, unclaimed: new Set([...all.unclaimed].filter((key) => key !== CANARY_KEY)) }
}

/** Every column of a table's rows, as text, by id. */
export async function rowsOf(stage: Stage, table: string): Promise<ReadonlyMap<string, string>> {
  const { rows } = await stage.sql(`SELECT r.id::text AS id, to_jsonb(r)::text AS row FROM ${table} r`)
  return new Map(rows.map((row) => [String(row['id']), String(row['row'])]))
}
