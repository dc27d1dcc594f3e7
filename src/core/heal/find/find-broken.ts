/** The first half of healing and the whole of planning it: what of the chosen is broken, and may be tried now. */
import type { HealTarget } from '../../model/heal-target.ts'
import type { Clock, Progress } from '../../ports/runtime.ts'
import type { LedgerEntry } from '../../ports/state.ts'
import type { CallOptions } from '../../ports/storage.ts'
import { assessTarget, type AttachmentCare, type Broken, type FetchRules } from './assess-target.ts'
import type { HealTally } from '../heal-tally.ts'
import type { HostBook } from '../memory/host-book.ts'
import { isDerivable } from '../mend/derive-variant.ts'
import type { PresenceLook } from './presence.ts'
import { addressOf, type RecordBook } from '../memory/record-book.ts'
import { hostOf } from '../mend/try-address.ts'

/** A record to be mended, with what the ledger says of it. */
export interface BrokenTask {
  readonly broken: Broken
  readonly known: LedgerEntry | undefined
}

export interface Finding {
  readonly rules: FetchRules
  readonly care: AttachmentCare
  readonly presence: PresenceLook
  readonly records: Pick<RecordBook, 'recall'>
  readonly hosts: Pick<HostBook, 'restsUntilMs'>
  readonly clock: Clock
  readonly asks: (broken: Broken) => Asks
  /** Told of everything that is settled without a try. */
  readonly tally: HealTally
}

/**
 * Whether mending a record here asks its origin. `perhaps`: only if the original that storage still has is no use. Who never
 * asks waits for nobody.
 */
export type Asks = 'never' | 'perhaps' | 'always'

export function asksOrigin(broken: Broken, care: AttachmentCare): Asks {
  const { kind } = broken.target.record
  if (care === 'on-view' && (kind === 'attachment' || kind === 'thumbnail')) return 'never'
  return isDerivable(broken) ? 'perhaps' : 'always'
}

/** The host that is asked first; '' if none is known. */
export function hostAsked(target: HealTarget): string {
  return hostOf(addressOf(target))
}

/**
 * Assesses page by page; counts what is settled and hands on what may be tried, in the order of the targets: a page of tasks
 * for each page of targets, often an empty one.
 */
export async function* findBroken(
  targets: AsyncIterable<readonly HealTarget[]>,
  finding: Finding,
  options: CallOptions & { readonly progress: Progress },
): AsyncGenerator<readonly BrokenTask[]> {
  const { tally, hosts, clock, records, asks } = finding
  for await (const page of targets) {
    const broken = await assessPage(page, finding, options)
    const known = await records.recall(
      broken.map(({ target }) => target),
      options,
    )
    const tasks: BrokenTask[] = []
    for (const one of broken) {
      const entry = known.get(one.target)
      const asked = asks(one)
      if (asked !== 'never' && entry !== undefined && entry.nextTryAtMs > clock.now())
        tally.countWaiting(one.damage, entry.outcome)
      else if (asked === 'always' && hosts.restsUntilMs(hostAsked(one.target)) !== null)
        tally.count(one.target, { kind: 'skipped', reason: 'host-resting', damage: one.damage })
      else tasks.push({ broken: one, known: entry })
    }
    options.progress.advance(page.length - tasks.length)
    yield tasks
  }
}

/** Looks at storage for this many records of a page side by side. */
const LOOKS_AT_ONCE = 16

async function assessPage(
  page: readonly HealTarget[],
  { care, rules, presence, tally }: Finding,
  options: CallOptions,
): Promise<readonly Broken[]> {
  const found = new Map<HealTarget, Broken>()
  const waiting = page.values()
  const worker = async (): Promise<void> => {
    for (const target of waiting) {
      options.signal?.throwIfAborted()
      const assessment = await assessTarget(target, rules, care, presence, options)
      if (assessment.kind === 'settled') tally.count(target, assessment.outcome)
      else found.set(target, assessment.broken)
    }
  }
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, worker))
  return page.map((target) => found.get(target)).filter((one) => one !== undefined)
}
