/** The pause an origin asks for (RFC 9110, section 10.2.3). Pure. */

/**
 * Milliseconds to wait: from seconds or from an HTTP date; a date in the past is 0.
 * Null if there is no such header or it says neither.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | null {
  const text = header?.trim() ?? ''
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000
  // Date.parse also takes much that is no HTTP date ("1.5", "-3"); every HTTP date begins with the name of a day.
  if (!/^(mon|tue|wed|thu|fri|sat|sun)/i.test(text)) return null
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs)
}
