/** A plan for people: what would go, of how much, at what cost, and the command that does it. */
import type { PricesConfig } from '../../../config/config.ts'
import { ALL_KINDS, KINDS } from '../../../core/model/media.ts'
import { runOf, type RunState } from '../../../core/model/run.ts'
import type { LeftoverRequest, OrphanRequest, Plan } from '../../../core/model/plan.ts'
import type { AgeTally } from '../../../core/model/prune-candidate.ts'
import type { PrunePolicy } from '../../../core/model/prune-policy.ts'
import { percentFor } from '../../../core/plan/caps.ts'
import type { Refusal } from '../../../core/plan/gate.ts'
import type { Tally } from '../../../core/model/tally.ts'
import type { Painter } from './paint.ts'
import { formatBytes, formatCount, formatDuration, formatTime, plural, table, type Column } from './text.ts'

const LISTED_DOMAINS = 5
const LISTED_SAMPLES = 5

export interface PlanView {
  readonly plan: Plan
  /** False: it was made to be looked at, and cannot be applied by its id. */
  readonly kept: boolean
  /** What came of it; `now`: it is about to be told. Null, or absent, if nobody has applied it. */
  readonly run?: RunState | 'now' | null
  readonly verbose: boolean
  readonly prices: PricesConfig | null
  /** What would refuse an apply at this moment, besides caps. */
  readonly obstacles: readonly Refusal[]
  /** Sentences of the verb, after what the plan says of itself. */
  readonly besides: readonly string[]
}

export function describePlan(view: PlanView, paint: Painter): string {
  const { plan, verbose } = view
  const { totals } = plan
  const head = `${[headline(plan, paint), terms(plan), ...view.besides].join('\n')}\n`
  if (totals.files.count === 0) return head
  const parts = [
    head,
    kindTable(plan),
    ageTable(plan),
    domainTable(plan, verbose),
    samples(plan, verbose, paint),
    [...costs(view), ...ending(view, paint)].map((line) => `${line}\n`).join(''),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

/** One sentence: what would go, how much, of how much. */
export function headline(plan: Plan, paint: Painter): string {
  const { request, totals, named } = plan
  const { count, bytes } = totals.files
  if (request.verb === 'prune') {
    const of = sum(Object.values(named))
    if (count === 0) return paint.good(`Nothing would go: ${keptOf(of)}.`)
    const rows = plural(totals.rows, 'row')
    return `${paint.bold(`${plural(count, 'file')} (${formatBytes(bytes)}) of ${rows} would go`)}, ${percent(count, of)} of the ${formatCount(of)} that rows name.`
  }
  const things = THINGS[request.what]
  if (count === 0) return paint.good(`Nothing would go: ${NOTHING[request.what]}.`)
  // Nobody tells what the remains of uploads weigh.
  const size = request.what === 'unfinished-uploads' ? '' : ` (${formatBytes(bytes)})`
  return `${paint.bold(`${plural(count, things[0], things[1])}${size} would go`)}: ${MEANING[request.what]}.`
}

function keptOf(named: number): string {
  if (named === 0) return 'no row names a file of these kinds'
  const all = named === 1 ? 'the only file' : `all of the ${formatCount(named)} files`
  return `the rules keep ${all} that rows name`
}

const THINGS = {
  objects: ['orphan', 'orphans'],
  'unfinished-uploads': ['unfinished upload', 'unfinished uploads'],
  'old-versions': ['old version', 'old versions'],
} as const
const NOTHING = {
  objects: 'no orphan was seen by two scans',
  'unfinished-uploads': 'no unfinished upload is that old',
  'old-versions': 'no old version is that old',
} as const
const MEANING = {
  objects: 'files that no row claims, seen by two scans',
  'unfinished-uploads': 'parts of files that never came to their end',
  'old-versions': 'what the bucket keeps of files that were replaced or removed',
} as const

/** By which rules. */
function terms({ request }: Plan): string {
  if (request.verb === 'prune') return policySentence(request.policy)
  return request.what === 'objects' ? orphanSentence(request) : leftoverSentence(request)
}

function policySentence(policy: PrunePolicy): string {
  const { preset, kinds, cutoffMs, madeAtMs, domain } = policy
  const details = [
    `${listOf(kinds.map((kind) => KINDS[kind].plural))} by the rules of ${preset}`,
    ...(domain === null ? [] : [`only of ${domain}`]),
    ...(policy.linkOnly ? ['of cards those of plain links'] : []),
    ...(policy.includeFollows ? ['follows included'] : []),
    ...(preset === 'tootctl' && policy.keepInteracted ? ['without what people here had to do with'] : []),
  ]
  const quiet = madeAtMs > cutoffMs ? `, quiet for ${formatDuration(madeAtMs - cutoffMs)} or longer` : ''
  return `Asked for: ${details.join(', ')}${quiet} (since ${formatTime(cutoffMs)}).`
}

function orphanSentence({ graceMs, quarantineMs, scanStartedAtMs }: OrphanRequest): string {
  const then =
    quarantineMs === null ? 'removed at once' : `kept in quarantine for ${formatDuration(quarantineMs)}`
  return `Seen last by the scan of ${formatTime(scanStartedAtMs)}, and first by one at least ${formatDuration(graceMs)} before it; ${then}.`
}

function leftoverSentence({ what, beforeMs }: LeftoverRequest): string {
  return `Only what was ${what === 'old-versions' ? 'replaced' : 'begun'} before ${formatTime(beforeMs)}.`
}

const NUMBERS: readonly Column[] = [
  { title: 'files', align: 'right' },
  { title: 'size', align: 'right' },
]

function kindTable({ totals, named }: Plan): string {
  const rows = ALL_KINDS.flatMap((kind) => {
    const tally = totals.byKind[kind]
    if (tally === undefined || tally.count === 0) return []
    const of = named[kind]
    const share = of === undefined || of === 0 ? ['', ''] : [percent(tally.count, of), formatCount(of)]
    return [[KINDS[kind].plural, ...numbers(tally), ...share]]
  })
  if (rows.length === 0) return ''
  const shares: readonly Column[] = rows.some((row) => row[3] !== '')
    ? [
        { title: 'share', align: 'right' },
        { title: 'of', align: 'right' },
      ]
    : []
  return table([{ title: 'kind' }, ...NUMBERS, ...shares], rows)
}

function ageTable({ request, totals }: Plan): string {
  const title = request.verb === 'prune' ? 'quiet for' : 'last written'
  const rows = totals.byAge.filter(({ count }) => count > 0).map((age) => [ageName(age), ...numbers(age)])
  return rows.length === 0 ? '' : table([{ title }, ...NUMBERS], rows)
}

function ageName({ fromDays, toDays }: AgeTally): string {
  if (toDays === null) return `${fromDays} days and longer`
  return fromDays === 0 ? `less than ${toDays} days` : `${fromDays} to ${toDays} days`
}

function domainTable({ totals: { topDomains } }: Plan, all: boolean): string {
  if (topDomains.length === 0) return ''
  const shown = all ? topDomains : topDomains.slice(0, LISTED_DOMAINS)
  return table(
    [{ title: 'most from' }, ...NUMBERS],
    shown.map((tally) => [printable(tally.domain), ...numbers(tally)]),
  )
}

function samples({ samples: all, request }: Plan, verbose: boolean, paint: Painter): string {
  const since = request.verb === 'prune' ? 'quiet since' : 'of'
  if (all.length === 0) return ''
  const shown = verbose ? all : all.slice(0, LISTED_SAMPLES)
  const more = shown.length < all.length ? ' (--verbose shows more)' : ''
  const lines = shown.map(({ kind, key, domain, bytes, quietSinceMs }) => {
    const said = [
      ...(domain === null ? [] : [printable(domain)]),
      ...(bytes === null ? [] : [formatBytes(bytes)]),
      ...(quietSinceMs === null ? [] : [`${since} ${new Date(quietSinceMs).toISOString().slice(0, 10)}`]),
    ]
    const about = said.length === 0 ? '' : ` (${said.join(', ')})`
    return `${paint.dim(`${kind === null ? '' : `${kind} `}${printable(key)}${about}`)}\n`
  })
  return `For example${more}:\n${lines.join('')}`
}

function costs({ plan: { cost }, prices }: PlanView): string[] {
  const { list, copy, remove } = cost.requests
  const sorts = [
    ...(list === 0 ? [] : [`${formatCount(list)} to list`]),
    ...(copy === 0 ? [] : [`${formatCount(copy)} to copy`]),
    ...(remove === 0 ? [] : [`${formatCount(remove)} to remove`]),
  ]
  if (sorts.length === 0) return []
  const takes = `It takes about ${plural(list + copy + remove, 'request')} to storage${sorts.length === 1 ? '' : `: ${listOf(sorts)}`}.`
  if (cost.money === null) return [takes]
  const source = prices?.source === 'amazon' ? ', by the prices that Amazon publishes for S3 Standard' : ''
  return [
    takes,
    `That costs ${dollars(cost.money.once)}, and saves ${dollars(cost.money.savedMonthly)} a month${source}.`,
  ]
}

/** Shares that are more than a run takes unasked, each with what to type. */
function caps({ caps: met }: Plan, paint: Painter): string[] {
  const lines = met.map(({ kind, share, files, of, level }) => {
    const much = `${percentOf(share)} of all ${KINDS[kind].plural} (${formatCount(files)} of ${formatCount(of)}) would go`
    return level === 'stop'
      ? `${much}: --apply alone stops here, and lets somebody look first.`
      : `${much}: that is refused, unless the run names the share.`
  })
  return lines.map((line) => paint.warn(line))
}

function inTheWay({ obstacles }: PlanView, paint: Painter): string[] {
  return obstacles.map(({ what, remedy }) =>
    paint.warn(`At this moment it would be refused: ${what}. ${remedy}.`),
  )
}

/** With the shares that every run of the plan has to name, also one that goes on. */
export function applyCommand({ id, caps: met }: Pick<Plan, 'id' | 'caps'>): string {
  const allowed = sharesToName(met).map(({ kind, share }) => {
    return ` --allow-share ${KINDS[kind].plural}=${percentFor(share)}`
  })
  return `cornac apply ${id}${allowed.join('')}`
}

function sharesToName(met: Plan['caps']): Plan['caps'] {
  return met.filter(({ level }) => level === 'refuse')
}

/** A plan that was applied met its caps then: they stand in nobody's way any more. */
function ending(view: PlanView, paint: Painter): string[] {
  const { plan, run = null } = view
  if (run === 'now') return []
  if (run === null) return [...caps(plan, paint), ...inTheWay(view, paint), ...whatNow(view, paint)]
  const goOn = run === 'running' || run === 'stopped' ? `; to go on: ${paint.bold(applyCommand(plan))}` : ''
  return [`${CAME_OF_IT[run]}, see cornac runs ${runOf(plan.id)}${goOn}`]
}

const CAME_OF_IT: Readonly<Record<RunState, string>> = {
  running: 'It is being applied, or was killed',
  stopped: 'It was applied in part',
  done: 'It was applied',
  undoing: 'It was applied, and is being taken back',
  undone: 'It was applied, and taken back',
}

function whatNow({ plan, kept }: PlanView, paint: Painter): string[] {
  const next = kept
    ? `Nothing was changed. ${sharesToName(plan.caps).length === 0 ? 'To go on' : 'If that is meant'}: ${paint.bold(applyCommand(plan))}`
    : 'Nothing was changed, and the plan was not kept.'
  return [next, back(plan)]
}

function back({ request }: Plan): string {
  if (request.verb === 'prune')
    return 'It can be taken back with cornac undo: what storage still has is named again, everything else is fetched from its origin.'
  if (request.what !== 'objects') return 'It cannot be taken back.'
  return request.quarantineMs === null
    ? 'It cannot be taken back, unless the bucket keeps versions.'
    : `It can be taken back with cornac undo for ${formatDuration(request.quarantineMs)}.`
}

function numbers({ count, bytes }: Readonly<Tally>): readonly string[] {
  return [formatCount(count), formatBytes(bytes)]
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '0 %' : percentOf(part / whole)
}

/** Never more digits than are known, and never 0 for something, or 100 for less than all. */
function percentOf(share: number): string {
  if (share > 0 && share < 0.001) return 'less than 0.1 %'
  if (share < 0.1) return `${Math.round(share * 1000) / 10} %`
  return `${share < 1 ? Math.min(99, Math.round(share * 100)) : 100} %`
}

/** At least a cent where it is more than nothing. */
function dollars(amount: number): string {
  return amount > 0 && amount < 0.01 ? 'less than $0.01' : `about $${amount.toFixed(2)}`
}

function sum(values: readonly (number | undefined)[]): number {
  return values.reduce<number>((all, value) => all + (value ?? 0), 0)
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}

/** What origins wrote, without what would move the cursor of a terminal or turn its text around. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim()
}
