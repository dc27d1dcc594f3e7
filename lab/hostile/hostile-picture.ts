/** One picture meant to hurt, or merely odd, and what has to become of it. */

/** How making it may end: the kinds of `ImageOutcome`. */
export type Ending = 'made' | 'wrong-type' | 'too-many-pixels' | 'broken' | 'animated'

export interface HostilePicture {
  /** Unique, and the same for every seed. */
  readonly name: string
  /** Built anew by each call, and the same for one seed. */
  readonly bytes: () => Promise<Uint8Array>
  /** What an avatar may end as; several where the damage may fall on a place that does not matter. Never a timeout. */
  readonly expect: readonly Ending[]
  /** What an attachment may end as, where that differs by more than the rules for GIFs. */
  readonly attachment?: readonly Ending[]
}

/** Where chance decides what is hit. */
export const ANY_END: readonly Ending[] = ['made', 'broken', 'too-many-pixels', 'wrong-type']

/** Bytes of a string of Latin-1. */
export function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
