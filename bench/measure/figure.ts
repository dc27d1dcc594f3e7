/** What a benchmark says: numbers, each beside the machine's own limit and the promise it must keep. */

export type Unit =
  | 'pictures/s'
  | 's'
  | 'ms'
  | 'MB'
  | 'x'
  | '%'
  | 'requests'
  | 'keys'
  | 'shards'
  | 'rows/s'
  | 'files/s'

export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: Unit
  /** The same work by something that does nothing else, measured in the same run. */
  readonly limit: { readonly what: string; readonly value: number } | null
  /** What was promised; null for a figure that only informs. */
  readonly target: { readonly atMost: number } | null
  /** Null without a target. */
  readonly pass: boolean | null
}

/** A figure that only informs. */
export function figure(what: string, value: number, unit: Unit, limit: Figure['limit'] = null): Figure {
  return { what, value, unit, limit, target: null, pass: null }
}

/** A figure with a promise: `value` may not exceed `atMost`. */
export function promise(
  what: string,
  value: number,
  unit: Unit,
  atMost: number,
  limit: Figure['limit'] = null,
): Figure {
  return { what, value, unit, limit, target: { atMost }, pass: value <= atMost }
}
