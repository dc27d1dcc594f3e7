/** A plan shown, kept or applied: what `prune`, `orphans` and `apply` have in common. */
import { applyPlan } from '../../core/apply/apply-plan.ts'
import type { ApplyRequest, ApplyResult } from '../../core/apply/apply-request.ts'
import type { QuarantinesEmptied } from '../../core/apply/empty-quarantine.ts'
import { openApply } from '../../core/apply/open-apply.ts'
import { tidy } from '../../core/apply/tidy.ts'
import { KnownError } from '../../core/errors.ts'
import { keepPlan } from '../../core/keep-plan.ts'
import type { Plan } from '../../core/model/plan.ts'
import { obstaclesOf } from '../../core/report/obstacles.ts'
import { budgetOf, overridesOf, type OverrideOptions } from './apply-request.ts'
import type { CommandContext } from './context.ts'
import type { ExitName } from './exit-codes.ts'
import { planData, runData } from './plan-data.ts'
import { describeApply, describeTidied } from './render/apply-text.ts'
import type { Painter } from './render/paint.ts'
import { describePlan, headline } from './render/plan-text.ts'
import { usageError } from './usage-error.ts'

export interface PlanningOptions extends OverrideOptions {
  readonly dryRun?: true
  readonly apply?: true
  readonly exitIdle?: true
}

/** What the verb itself has to say beside its plan. */
export interface Besides {
  /** Said where there is no plan. */
  readonly instead?: string
  readonly sentences: readonly string[]
  readonly data: Readonly<Record<string, unknown>>
}

export const PLANNING_OPTIONS = [
  {
    flags: '--dry-run',
    description: 'only look: the plan is shown and not kept, and nothing is written anywhere',
  },
  {
    flags: '--apply',
    description: 'apply the plan at once, as from cron; caps stop what nobody has looked at',
  },
  { flags: '--exit-idle', description: 'end with 8 instead of 0 if nothing would go' },
] as const

/** @throws KnownError of category `usage`: who asks for a dry run is never to find it applied */
export function refuseBothWays({ dryRun, apply }: PlanningOptions): void {
  if (dryRun === true && apply === true)
    throw usageError(
      '--dry-run and --apply cannot be combined',
      'Leave --apply out to look, or --dry-run to act',
    )
}

/** The ends of a verb that makes a plan and may apply it. */
export const PLANNING_EXITS: readonly ExitName[] = ['capped', 'leased', 'partial', 'budget', 'idle']

/** Shows the plan and keeps it, or applies it at once. @param plan null: there is nothing to plan */
export async function carryOut(
  context: CommandContext<PlanningOptions>,
  plan: Plan | null,
  besides: Besides,
): Promise<ExitName> {
  const empty = plan === null || plan.totals.files.count === 0
  if (context.options.apply === true)
    return empty ? justTidy(context, besides) : atOnce(context, plan, besides)
  return plan === null ? nothing(context, besides) : offer(context, plan, besides)
}

async function nothing(context: CommandContext<PlanningOptions>, besides: Besides): Promise<ExitName> {
  await context.out({
    data: { plan: null, obstacles: [], ...besides.data },
    text: (paint) => nothingText(besides, paint),
    needsPerson: false,
  })
  return context.options.exitIdle === true ? 'idle' : 'done'
}

function nothingText({ instead, sentences }: Besides, paint: Painter): string {
  return [paint.good(instead ?? 'Nothing has to go.'), ...sentences].map((line) => `${line}\n`).join('')
}

/** Without a plan to apply: what killed runs left, and quarantines that are over, do not wait for the next one. */
async function justTidy(context: CommandContext<PlanningOptions>, besides: Besides): Promise<ExitName> {
  const { signal, options } = context
  const instance = await context.instance()
  const { recovered, quarantine } = await tidy(
    await openApply(instance),
    instance.name,
    overridesOf(options),
    { signal },
    budgetOf((await context.config()).apply),
  )
  context.progress.done()
  const end = recovered.open + quarantine.refused > 0 ? 'partial' : 'done'
  await context.out({
    data: {
      plan: null,
      obstacles: [],
      recovered,
      ...quarantineData(quarantine),
      ...besides.data,
    },
    text: (paint) => nothingText(besides, paint) + describeTidied({ recovered, quarantine }, paint),
    needsPerson: end === 'partial',
  })
  const idle = recovered.batches + quarantine.files === 0
  return end === 'done' && idle && options.exitIdle === true ? 'idle' : end
}

async function offer(
  context: CommandContext<PlanningOptions>,
  plan: Plan,
  besides: Besides,
): Promise<ExitName> {
  const { options, signal } = context
  const { prices } = await context.config()
  const instance = await context.instance()
  const obstacles = await obstaclesOf(instance, plan, { signal })
  const empty = plan.totals.files.count === 0
  const kept = options.dryRun !== true && !empty && (await keepIfPossible(context, plan))
  context.progress.done()
  await context.out({
    data: {
      plan: planData(plan, kept),
      obstacles: obstacles.map(({ code, what, remedy }) => ({ code, what, remedy })),
      ...besides.data,
    },
    text: (paint) =>
      describePlan(
        { plan, kept, verbose: context.verbose, prices, obstacles, besides: besides.sentences },
        paint,
      ),
    needsPerson: !empty,
  })
  return empty && options.exitIdle === true ? 'idle' : 'done'
}

/** Whoever may only read can look at plans all the same. */
async function keepIfPossible(context: CommandContext, plan: Plan): Promise<boolean> {
  const instance = await context.instance()
  try {
    await keepPlan({ state: await instance.state(), clock: instance.clock }, plan, { signal: context.signal })
    return true
  } catch (error) {
    if (!mayOnlyRead(error)) throw error
    context.note(`The plan could not be kept, so it cannot be applied later: ${error.what}. ${error.remedy}.`)
    return false
  }
}

/** Our own tables cannot be written. */
export function mayOnlyRead(error: unknown): error is KnownError {
  return error instanceof KnownError && READ_ONLY.has(error.code)
}

const READ_ONLY: ReadonlySet<string> = new Set([
  'state-permission',
  'state-absent',
  'database-permission',
  'database-read-only',
])

async function atOnce(
  context: CommandContext<PlanningOptions>,
  plan: Plan,
  besides: Besides,
): Promise<ExitName> {
  const { signal, verbose, options } = context
  const { prices } = await context.config()
  const instance = await context.instance()
  await keepPlan({ state: await instance.state(), clock: instance.clock }, plan, { signal })
  const result = await applyKept(context, plan, 'at-once')
  const end = exitOf(result)
  await context.out({
    data: { plan: planData(plan, true), ...resultData(result), ...besides.data },
    text: (paint) => {
      const before = verbose
        ? describePlan({ plan, kept: true, run: 'now', verbose, prices, obstacles: [], besides: [] }, paint)
        : `${headline(plan, paint)}\n`
      const more = besides.sentences.map((sentence) => `${sentence}\n`).join('')
      return `${before}${describeApply(plan, result, verbose, paint)}${more}`
    },
    needsPerson: end === 'partial',
  })
  return end === 'done' && result.files === 0 && options.exitIdle === true ? 'idle' : end
}

/** @throws KnownError if a guard refuses */
export async function applyKept(
  context: CommandContext<OverrideOptions>,
  plan: Plan,
  confirmed: ApplyRequest['confirmed'],
): Promise<ApplyResult> {
  const { signal, progress } = context
  const config = await context.config()
  const instance = await context.instance()
  const request: ApplyRequest = {
    instance: instance.name,
    plan,
    budget: budgetOf(config.apply),
    overrides: overridesOf(context.options),
    confirmed,
  }
  const result = await applyPlan(await openApply(instance), request, { signal, progress })
  progress.done()
  return result
}

export function resultData(result: ApplyResult): Record<string, unknown> {
  const { run, recovered, verified } = result
  return {
    run: runData(run),
    stopped: result.stopped,
    files: result.files,
    seconds: result.seconds,
    requests: result.requests,
    recovered,
    verified: { looked: verified.looked, still_there: verified.stillThere },
    ...quarantineData(result.quarantine),
  }
}

function quarantineData({ files, refused }: QuarantinesEmptied): Record<string, unknown> {
  return { quarantine_emptied: files, quarantine_refused: refused }
}

/** Partial if storage did not do what it was asked, whyever the run stopped. */
export function exitOf({ run, stopped, recovered, verified, quarantine }: ApplyResult): ExitName {
  if (stopped === 'interrupted') return 'interrupted'
  const undone = run.counts.refused + recovered.open + verified.stillThere.length + quarantine.refused
  if (undone > 0) return 'partial'
  return stopped === null ? 'done' : 'budget'
}
