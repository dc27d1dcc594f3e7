/** The JSON answer: one object, versioned, one member per line; pages of an async iterable become one list as they come. */

/** Raised when a member changes its meaning, which a release of the same major version never does. */
const JSON_FORMAT = 1

export interface Envelope {
  readonly version: string
  /** Null if the command line was not understood. */
  readonly verb: string | null
  readonly data: Readonly<Record<string, unknown>>
}

/** Pieces of text to be written in order; together one JSON document and a line break. */
export async function* renderJson({ version, verb, data }: Envelope): AsyncGenerator<string> {
  yield `{"cornac":${encode(version)},"format":${JSON_FORMAT},"verb":${encode(verb)}`
  for (const [name, value] of Object.entries(data)) {
    if (value === undefined) continue
    yield `,\n${encode(name)}:`
    if (isPages(value)) yield* renderPages(value)
    else yield encode(value)
  }
  yield '}\n'
}

async function* renderPages(pages: AsyncIterable<unknown>): AsyncGenerator<string> {
  let separator = '\n'
  yield '['
  for await (const page of pages) {
    const items: readonly unknown[] = Array.isArray(page) ? page : [page]
    if (items.length === 0) continue
    yield separator + items.map(encode).join(',\n')
    separator = ',\n'
  }
  yield separator === '\n' ? ']' : '\n]'
}

function isPages(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/** Big integers become strings, maps objects, sets lists. */
function encode(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return part.toString()
    if (part instanceof Map) return Object.fromEntries(part)
    if (part instanceof Set) return [...part]
    return part
  })
}

/** A time as JSON has it: UTC, to the millisecond; null stays null. @param ms since the epoch */
export function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
