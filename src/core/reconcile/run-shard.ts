/** One shard: rows and listing joined, counted, and judged. Pure over its streams; what it suspects is confirmed by the caller. */
import type { Finding } from '../model/finding.ts'
import type { Listed, StoredObject, UnlistedPrefix } from '../model/object.ts'
import { isOwnKey } from '../model/own-keys.ts'
import type { MediaRecord } from '../model/record.ts'
import type { Shard, ShardTotals } from '../model/shard.ts'
import { compareKeys } from '../model/key-order.ts'
import { parseKey, type ClaimedKey } from '../model/storage-key.ts'
import {
  classifyBoth,
  classifyClaim,
  classifyObject,
  classifyUnlisted,
  classifyUnnamed,
  unlistedPart,
  type TimeGuards,
  type Verdict,
} from './classify.ts'
import { expectedKeys } from './expected-keys.ts'
import { mergeJoin, type JoinVisitor } from './merge-join.ts'
import { mergeRuns } from './merge-runs.ts'
import { countAge, countDomain, countMeasured } from './shard-tally.ts'

export interface ShardStreams {
  /** One per run of ids; each ascending. */
  readonly runs: readonly AsyncIterable<readonly MediaRecord[]>[]
  readonly listing: AsyncIterable<readonly Listed[]>
}

/** Something that looks wrong. `record` is the row as it was read; null for objects. */
export interface Suspicion {
  readonly finding: Finding
  readonly record: MediaRecord | null
}

export interface ShardOptions {
  /** The shard's part of the key space. */
  readonly range: Pick<Shard, 'after' | 'through'>
  readonly guards: TimeGuards
  readonly nowMs: number
  /** Receives suspicions in batches, between pages. */
  settle(suspicions: readonly Suspicion[]): Promise<void>
  /** Called with the number of records passed since the last call. */
  passed(records: number): void
}

/** Joins the shard's streams, adding to `totals`. Memory is bounded by the pages of the streams. */
export async function runShard(
  streams: ShardStreams,
  totals: ShardTotals,
  options: ShardOptions,
): Promise<void> {
  const { guards, nowMs } = options
  let suspicions: Suspicion[] = []
  let reported = 0
  const judge = (verdict: Verdict, record: MediaRecord | null): void => {
    if (verdict === 'young') totals.tooYoung++
    else if (verdict !== 'fine') suspicions.push({ finding: verdict, record })
  }
  const countObject = (object: StoredObject): void => {
    totals.objects++
    countAge(totals, nowMs - object.modifiedAtMs, object.bytes)
  }
  let lastMatched: StoredObject | undefined
  const visitor: JoinVisitor = {
    both(claim, object) {
      if (object !== lastMatched) {
        lastMatched = object
        countObject(object)
        countMeasured(totals, claim.record.kind, claim.record.remote, object.bytes)
        if (claim.record.domain !== null && claim.record.remote)
          countDomain(totals, claim.record.domain, object.bytes)
      }
      judge(classifyBoth(claim, object, guards), claim.record)
    },
    claimOnly(claim) {
      judge(classifyClaim(claim, guards), claim.record)
    },
    claimUnlisted(claim, part) {
      judge(classifyUnlisted(claim, part), claim.record)
    },
    objectOnly(object) {
      // Cornac's own, in quarantine or not, is nothing that Mastodon stores.
      if (isOwnKey(object.key)) return
      countObject(object)
      const verdict = classifyObject(object, guards)
      const kind = verdict === 'fine' ? parseKey(object.key)?.kind : undefined
      if (kind !== undefined) countMeasured(totals, kind, false, object.bytes)
      judge(verdict, null)
    },
    unlisted(part, claims) {
      if (claims === 0 && !isOwnKey(part.unlisted) && beginsIn(part, options.range))
        judge(unlistedPart(part), null)
    },
    async settle() {
      options.passed(totals.records - reported)
      reported = totals.records
      const batch = suspicions
      suspicions = []
      if (batch.length > 0) await options.settle(batch)
    },
  }
  const counted = streams.runs.map((run) => countRecords(run, totals, judge))
  const claims = mergeRuns<ClaimedKey>(counted.map(expectedKeys), (claim) => claim.key, compareKeys)
  await mergeJoin(claims, streams.listing, visitor)
}

/** A part may reach over many shards; where it begins it is told, so that it is told once. */
function beginsIn({ unlisted }: UnlistedPrefix, { after, through }: ShardOptions['range']): boolean {
  return compareKeys(unlisted, after) > 0 && (through === null || compareKeys(unlisted, through) <= 0)
}

async function* countRecords(
  pages: AsyncIterable<readonly MediaRecord[]>,
  totals: ShardTotals,
  judge: (verdict: Verdict, record: MediaRecord) => void,
): AsyncGenerator<readonly MediaRecord[]> {
  for await (const page of pages) {
    for (const record of page) {
      totals.records++
      if (record.fileName === null) judge(classifyUnnamed(record), record)
      else totals.named++
    }
    yield page
  }
}
