/** Where a prune's reading stands, as text that outlives the process: `accounts 109302…`. */
import type { PrunePosition } from '../../core/ports/prune.ts'
import { BEFORE_ALL_IDS } from './id-list.ts'

/**
 * The walks of a prune, in their order. With a domain, attachments are found through their accounts: `owners` counts
 * accounts whose attachments have been read.
 */
const WALKS = ['accounts', 'owners', 'media_attachments', 'preview_cards'] as const
export type Walk = (typeof WALKS)[number]

/** Everything of the walk through this id has been read, and every walk before it. */
export interface PrunePlace {
  readonly walk: Walk
  readonly id: string
}

export function positionOf({ walk, id }: PrunePlace): PrunePosition {
  return `${walk} ${id}`
}

/** @throws Error if the text is none of `positionOf`'s */
export function placeOf(position: PrunePosition): PrunePlace {
  const [, walk, id] = /^([a-z_]+) (-?\d{1,19})$/.exec(position) ?? []
  if (id === undefined || !isWalk(walk)) throw new Error(`${position} is no position in a prune`)
  return { walk, id }
}

/** Above which id the walk goes on after `after`; null if it was passed, with a later walk begun. */
export function goOn(walk: Walk, after: PrunePlace | null): string | null {
  if (after === null || WALKS.indexOf(after.walk) < WALKS.indexOf(walk)) return BEFORE_ALL_IDS
  return after.walk === walk ? after.id : null
}

function isWalk(text: string | undefined): text is Walk {
  return WALKS.some((walk) => walk === text)
}
