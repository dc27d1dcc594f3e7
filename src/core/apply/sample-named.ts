/** Some files that rows name now, of every kind and age, by reading few rows. */
import { KINDS, type Kind } from '../model/media.ts'
import { claimedKeys } from '../model/storage-key.ts'
import { spread } from '../plan/even-sample.ts'
import type { RecordSource } from '../ports/records.ts'
import type { Clock } from '../ports/runtime.ts'
import type { CallOptions } from '../ports/storage.ts'

const SAMPLED: readonly Kind[] = ['avatar', 'header', 'attachment', 'emoji', 'card']

const DAY_MS = 86_400_000
/** Most ids hold their time (docs/mastodon.md#ids): a page from each of these ages on, and one from the first row. */
const AGES_DAYS = [1, 7, 30, 180, 720]

const LAST_ID = 2n ** 63n - 1n

/** Keys of originals under `cache/`, at most `count`, the same share of each kind. */
export async function sampleNamed(
  { database, clock }: { readonly database: Pick<RecordSource, 'records'>; readonly clock: Clock },
  count: number,
  options: CallOptions,
): Promise<readonly string[]> {
  const nowMs = clock.now()
  const starts = [1n, ...AGES_DAYS.map((days) => firstIdAt(nowMs - days * DAY_MS))]
  const keys: string[] = []
  for (const kind of SAMPLED) {
    const found = new Set<string>()
    for (const from of KINDS[kind].owner === 'none' ? [1n] : starts)
      for (const key of await firstNamed(database, kind, from, options)) found.add(key)
    keys.push(...spread([...found], Math.ceil(count / SAMPLED.length)))
  }
  return spread(keys, count)
}

/** The upper 48 bits are milliseconds since the epoch (docs/mastodon.md#ids). */
function firstIdAt(ms: number): bigint {
  return BigInt(Math.max(0, Math.floor(ms))) << 16n
}

async function firstNamed(
  database: Pick<RecordSource, 'records'>,
  kind: Kind,
  from: bigint,
  options: CallOptions,
): Promise<readonly string[]> {
  for await (const page of database.records({ kind, root: 'cache/', from, to: LAST_ID }, options)) {
    const keys = page.flatMap((record) =>
      claimedKeys(record)
        .slice(0, 1)
        .map(({ key }) => key),
    )
    if (keys.length > 0) return spread(keys, 20)
  }
  return []
}
