/** Cuts the key space of a scan into shards: every key lies in exactly one of them. */
import { LAST_POSITION, positionFolders } from '../model/id-position.ts'
import { compareKeys } from '../model/key-order.ts'
import { ALL_KINDS, KINDS, type Kind } from '../model/media.ts'
import type { Shard } from '../model/shard.ts'
import { prefixOf, rootsOf, type Root } from '../model/storage-key.ts'

export interface ShardPlan {
  readonly kinds: readonly Kind[]
  /** Positions at which a kind's ids are to be cut, ascending; none means one shard per root. */
  readonly cuts: ReadonlyMap<Kind, readonly number[]>
}

interface Prefix {
  readonly kind: Kind
  readonly root: Root
  readonly text: string
}

/**
 * Shards in key order. If every kind is scanned, the space between the prefixes belongs to shards without a kind, so
 * that nothing in storage goes unseen; a scan of named kinds leaves that space alone.
 */
export function planShards(plan: ShardPlan): readonly Shard[] {
  const shards: Shard[] = []
  const everything = ALL_KINDS.every((kind) => plan.kinds.includes(kind))
  let gapAfter = ''
  const add = (shard: Omit<Shard, 'number'>): void => {
    shards.push({ number: shards.length, ...shard })
  }
  const addGap = (through: string | null): void => {
    if (everything) add({ kind: null, root: '', after: gapAfter, through, positions: null })
  }
  for (const prefix of sortedPrefixes(plan.kinds)) {
    addGap(prefix.text)
    for (const part of cutPrefix(prefix, plan.cuts.get(prefix.kind) ?? [])) add(part)
    gapAfter = endOf(prefix.text)
  }
  addGap(null)
  return shards
}

function sortedPrefixes(kinds: readonly Kind[]): readonly Prefix[] {
  return kinds
    .filter((kind) => KINDS[kind] !== undefined)
    .flatMap((kind) => rootsOf(kind).map((root) => ({ kind, root, text: prefixOf(kind, root) })))
    .sort((a, b) => compareKeys(a.text, b.text))
}

function cutPrefix(prefix: Prefix, cuts: readonly number[]): Omit<Shard, 'number'>[] {
  const starts = [0, ...new Set(cuts.filter((cut) => cut > 0 && cut <= LAST_POSITION))]
  return starts.map((from, i) => {
    const next = starts[i + 1]
    return {
      kind: prefix.kind,
      root: prefix.root,
      after: i === 0 ? prefix.text : prefix.text + positionFolders(from),
      through: next === undefined ? endOf(prefix.text) : prefix.text + positionFolders(next),
      positions: { from, to: next === undefined ? LAST_POSITION : next - 1 },
    }
  })
}

/** The first key that sorts after everything below a prefix ending in `/`: `0` is the character after `/`. */
function endOf(prefix: string): string {
  return `${prefix.slice(0, -1)}0`
}
