import { SourceDisagreement } from '../errors.ts'
import { compareKeys } from '../model/key-order.ts'
import {
  isUnlisted,
  listedKey,
  type Listed,
  type StoredObject,
  type UnlistedPrefix,
} from '../model/object.ts'
import type { ClaimedKey } from '../model/storage-key.ts'
import { Cursor } from './cursor.ts'

/** What the join meets, in key order. Calls are synchronous; `settle` runs between batches and may wait. */
export interface JoinVisitor {
  /** A claimed key that storage holds. Two rows may claim one key (ids that share a folder): one call each. */
  both(claim: ClaimedKey, object: StoredObject): void
  /** A claimed key that a complete listing does not show. */
  claimOnly(claim: ClaimedKey): void
  /** A claimed key in a part that could not be listed. */
  claimUnlisted(claim: ClaimedKey, part: UnlistedPrefix): void
  objectOnly(object: StoredObject): void
  /** A part that could not be listed, with the number of claims that lie in it. */
  unlisted(part: UnlistedPrefix, claims: number): void
  settle(): Promise<void>
}

/**
 * Rows' expected keys and the listing, side by side: two sorted streams in lock step.
 *
 * Claims may repeat a key, objects may not. A wrong order on either side means that every "missing" and "orphan" after
 * it would be a guess, so it ends the work with an error.
 */
export async function mergeJoin(
  claims: AsyncIterable<readonly ClaimedKey[]>,
  listing: AsyncIterable<readonly Listed[]>,
  visitor: JoinVisitor,
): Promise<void> {
  const left = new Cursor(claims)
  const right = new Cursor(listing)
  let part: UnlistedPrefix | undefined
  let claimsInPart = 0
  let previousClaim = ''
  let previousObject = ''
  let matched: StoredObject | undefined
  const leavePart = (): void => {
    if (part !== undefined) visitor.unlisted(part, claimsInPart)
    part = undefined
    claimsInPart = 0
  }
  try {
    for (;;) {
      if (left.wanting || right.wanting) {
        await visitor.settle()
        await Promise.all([left.load(), right.load()])
      }
      const claim = left.item
      const entry = right.item
      if (claim === undefined && entry === undefined) break
      if (claim !== undefined && matched?.key === claim.key) {
        visitor.both(claim, matched)
        left.step()
        continue
      }
      const order = compareHeads(claim, entry)
      if (order < 0 && claim !== undefined) {
        previousClaim = inOrder(previousClaim, claim.key, 'records')
        if (part !== undefined && claim.key.startsWith(part.unlisted)) {
          claimsInPart++
          visitor.claimUnlisted(claim, part)
        } else {
          visitor.claimOnly(claim)
        }
        left.step()
      } else if (entry !== undefined && isUnlisted(entry)) {
        leavePart()
        part = entry
        right.step()
      } else if (entry !== undefined) {
        previousObject = inOrder(previousObject, entry.key, 'listing')
        if (order === 0) {
          matched = entry
          previousClaim = inOrder(previousClaim, entry.key, 'records')
        } else {
          visitor.objectOnly(entry)
        }
        right.step()
      }
    }
    leavePart()
    await visitor.settle()
  } finally {
    await left.close()
    await right.close()
  }
}

/** Negative if the claim is to be taken first. An unlisted part comes before the claims inside it. */
function compareHeads(claim: ClaimedKey | undefined, entry: Listed | undefined): number {
  if (claim === undefined) return 1
  if (entry === undefined) return -1
  return compareKeys(claim.key, listedKey(entry))
}

/** Returns `next`; claims may repeat a key, objects must rise. */
function inOrder(previous: string, next: string, side: 'records' | 'listing'): string {
  const order = compareKeys(previous, next)
  if (order < 0 || (order === 0 && side === 'records')) return next
  throw new SourceDisagreement({
    code: `${side}-out-of-order`,
    what:
      side === 'listing'
        ? `the storage listing gave ${next} after ${previous}, which is not byte order`
        : `the database gave ${next} after ${previous}, which is not key order`,
    remedy:
      'nothing was decided from this scan; a store that lists in another order cannot be scanned, please report which one it is',
  })
}
