/** Gathers the values of a statement while its text is written. */

/** Adds a value to the statement and gives its place, `$7`. */
export type Put = (value: unknown) => string

export interface Values {
  readonly values: readonly unknown[]
  readonly put: Put
}

export function gatherValues(): Values {
  const values: unknown[] = []
  return { values, put: (value) => `$${values.push(value)}` }
}
