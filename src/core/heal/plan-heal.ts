/** The question before the verb: how much is broken, what of it can be brought back, and what will that cost. */
import type { Damage, FailReason, SkipReason } from '../model/heal-outcome.ts'
import type { HealKind } from '../model/heal-target.ts'
import { KINDS, type Kind } from '../model/media.ts'
import type { MastodonDatabase } from '../ports/mastodon.ts'
import type { Clock, Progress } from '../ports/runtime.ts'
import type { Ledger } from '../ports/state.ts'
import type { CallOptions } from '../ports/storage.ts'
import type { AttachmentCare, Broken } from './find/assess-target.ts'
import { choosePresence, type PresencePorts } from './find/choose-presence.ts'
import { chooseTargets, type Choice } from './find/choose-targets.ts'
import { asksOrigin, findBroken, type Asks } from './find/find-broken.ts'
import { HealTally } from './heal-tally.ts'
import { openHostBook } from './memory/host-book.ts'
import { RecordBook } from './memory/record-book.ts'

export interface PlanHealPorts {
  readonly database: Pick<MastodonDatabase, 'targets' | 'targetsById' | 'countTargets' | 'domainRules'>
  readonly presence: PresencePorts
  readonly ledger: Ledger
  readonly clock: Clock
}

export interface PlanHealRequest {
  readonly instance: string
  readonly choice: Choice
  readonly kinds: readonly HealKind[]
  readonly care: AttachmentCare
  readonly limitedFederation: boolean
}

/** What a heal of the same scope would find now. Counts are of records that name a file or know where one is. */
export interface HealForecast {
  readonly examined: number
  readonly fine: number
  readonly broken: Readonly<Record<Damage, number>>
  /** May be tried now. */
  readonly fixable: number
  /** Of these, by kind under the plural. */
  readonly kinds: Readonly<Record<string, number>>
  /** Known to have nothing at their origin. */
  readonly hopeless: number
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>
  /** Not asked again yet, by how the last try ended. */
  readonly waiting: Readonly<Partial<Record<FailReason, number>>>
  /** Of the fixable: remade from storage, or left to Mastodon, without a request. */
  readonly withoutRequest: number
  /** At least these; a picture that has moved takes up to three more. */
  readonly requests: number
  /** Bytes to fetch, by the mean size of the same kind's files that are there; null if none is there to compare with. */
  readonly bytes: number | null
  readonly seconds: number
}

/** Looks, fetches nothing, changes nothing: a read-only role and a server without our tables will do. */
export async function planHeal(
  ports: PlanHealPorts,
  request: PlanHealRequest,
  options: CallOptions & { readonly progress: Progress },
): Promise<HealForecast> {
  const startedAtMs = ports.clock.now()
  const { choice, kinds, care, limitedFederation } = request
  const rules = { ...(await ports.database.domainRules(options)), limitedFederation }
  const expected =
    choice.by === 'scope' ? await ports.database.countTargets(choice.scope, kinds, options) : null
  const presence = await choosePresence(ports.presence, { ...request, expected: expected ?? 0 }, options)
  options.progress.stage('looking', expected)
  const tally = new HealTally()
  const sizes = new MeanSizes()
  const fixable: Record<string, number> = {}
  const toFetch = new Map<Kind, number>()
  let [count, withoutRequest] = [0, 0]
  const chance = (): number => 0
  const finding = {
    rules,
    care,
    presence,
    tally,
    clock: ports.clock,
    asks: (broken: Broken): Asks => asksOrigin(broken, care),
    hosts: await openHostBook(ports.ledger, ports.clock, chance, options),
    records: new RecordBook(ports.ledger, ports.clock, chance),
  }
  const targets = sizes.measuring(chooseTargets(ports.database, choice, kinds, options))
  for await (const tasks of findBroken(targets, finding, options)) {
    for (const { broken } of tasks) {
      const { kind } = broken.target.record
      fixable[KINDS[kind].plural] = (fixable[KINDS[kind].plural] ?? 0) + 1
      count++
      tally.countFixable(broken.damage)
      if (finding.asks(broken) === 'always') toFetch.set(kind, (toFetch.get(kind) ?? 0) + 1)
      else withoutRequest++
    }
    options.progress.advance(tasks.length)
  }
  options.progress.done()
  const { examined, fine, broken, hopeless, skipped, waiting } = tally.result()
  return {
    examined,
    fine,
    broken,
    fixable: count,
    kinds: fixable,
    hopeless,
    skipped,
    waiting,
    withoutRequest,
    requests: count - withoutRequest,
    bytes: sizes.expected(toFetch),
    seconds: (ports.clock.now() - startedAtMs) / 1000,
  }
}

/** The mean size of each kind's files, learnt from the rows that pass by. */
class MeanSizes {
  readonly #seen = new Map<Kind, { count: number; bytes: number }>()

  async *measuring<
    Target extends { readonly record: { readonly kind: Kind; readonly bytes: number | null } },
  >(pages: AsyncIterable<readonly Target[]>): AsyncGenerator<readonly Target[]> {
    for await (const page of pages) {
      for (const { record } of page) {
        if (record.bytes === null) continue
        const seen = this.#seen.get(record.kind) ?? { count: 0, bytes: 0 }
        this.#seen.set(record.kind, { count: seen.count + 1, bytes: seen.bytes + record.bytes })
      }
      yield page
    }
  }

  expected(toFetch: ReadonlyMap<Kind, number>): number | null {
    let bytes = 0
    for (const [kind, count] of toFetch) {
      const seen = this.#seen.get(kind)
      if (seen === undefined) return null
      bytes += (seen.bytes / seen.count) * count
    }
    return Math.round(bytes)
  }
}
