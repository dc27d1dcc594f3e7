/** Reading JSON of which nothing is known. Pure; nothing here throws. */

export type JsonObject = Readonly<Record<string, unknown>>

/** The object, or null if it is anything else; a list is none. */
export function asObject(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
}

/** A property of its own: what every object inherits is no answer of the origin. */
export function property(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** The value, or the first of a list (Mastodon `first_of_value`). */
export function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? (value as readonly unknown[])[0] : value
}

/** The list, or a list of the value if it is a single one. */
export function asList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[]
  return value === undefined || value === null ? [] : [value]
}
