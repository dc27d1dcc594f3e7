/** Durations and sizes as people write them. Pure; undefined for a text that is neither. */

const DURATION_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** The shape `parseDuration` accepts, for schemas. */
export const DURATION_SHAPE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w) ?)+$/

/** `24h`, `1h30m`, `1.5d`, `500ms` to milliseconds. A bare number has no unit and is refused. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim()
  if (!DURATION_SHAPE.test(trimmed)) return undefined
  let total = 0
  for (const [, count, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    total += Number(count) * (DURATION_MS[unit ?? ''] ?? Number.NaN)
  }
  return Number.isSafeInteger(Math.round(total)) ? Math.round(total) : undefined
}

const SIZE_STEPS = 'KMGTP'

/** The shape `parseSize` accepts, for schemas. */
export const SIZE_SHAPE = /^\d+(?:\.\d+)? ?(?:[KMGTPkmgtp]i?)?[Bb]?$/

/** `8MB`, `8 MiB`, `1.5g`, `500` to bytes. Steps of 1024 whatever the spelling, as Mastodon and `du -h` count. */
export function parseSize(text: string): number | undefined {
  const trimmed = text.trim()
  if (!SIZE_SHAPE.test(trimmed)) return undefined
  const [, count, step] = /^([\d.]+) ?([A-Za-z]?)/.exec(trimmed) ?? []
  const power = SIZE_STEPS.indexOf((step ?? '').toUpperCase()) + 1
  const bytes = Math.round(Number(count) * 1024 ** (step === '' || /b/i.test(step ?? '') ? 0 : power))
  return Number.isSafeInteger(bytes) ? bytes : undefined
}
