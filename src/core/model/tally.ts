/** Counts of things and their bytes, added up without keeping the things. */
export interface Tally {
  count: number
  bytes: number
}

/** Nothing counted yet; the tally is its owner's to change. */
export function emptyTally(): Tally {
  return { count: 0, bytes: 0 }
}

/** Counts in place. @param bytes of all of them together */
export function addTo(tally: Tally, bytes: number, count = 1): void {
  tally.count += count
  tally.bytes += bytes
}

/** The tally under a name, made on first use. */
export function tallyOf<Name extends string>(tallies: Partial<Record<Name, Tally>>, name: Name): Tally {
  return (tallies[name] ??= emptyTally())
}
