/**
 * A failed try: whose fault it was, and when the next one is worth the trouble. Pure: time and chance are arguments.
 *
 * An answer that will not change soon (404, a wrong type) waits for weeks, trouble that passes (5xx, a time-out) for
 * hours; each further failure in a row doubles the wait up to the reason's own limit. Chance spreads the next tries, so
 * that a thousand pictures lost in one night do not come back in one minute.
 */
import type { FailReason } from '../../model/heal-outcome.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

interface Patience {
  readonly firstMs: number
  readonly limitMs: number
}

const PATIENCE: Readonly<Record<FailReason, Patience>> = {
  gone: { firstMs: 30 * DAY, limitMs: 180 * DAY },
  none: { firstMs: 90 * DAY, limitMs: 365 * DAY },
  refused: { firstMs: 7 * DAY, limitMs: 60 * DAY },
  unavailable: { firstMs: HOUR, limitMs: 3 * DAY },
  timeout: { firstMs: HOUR, limitMs: 3 * DAY },
  unreachable: { firstMs: 2 * HOUR, limitMs: 7 * DAY },
  'too-large': { firstMs: 30 * DAY, limitMs: 180 * DAY },
  'too-many-redirects': { firstMs: 7 * DAY, limitMs: 60 * DAY },
  'private-address': { firstMs: 7 * DAY, limitMs: 60 * DAY },
  'bad-url': { firstMs: 30 * DAY, limitMs: 180 * DAY },
  'wrong-type': { firstMs: 30 * DAY, limitMs: 180 * DAY },
  'too-many-pixels': { firstMs: 30 * DAY, limitMs: 180 * DAY },
  'broken-image': { firstMs: 14 * DAY, limitMs: 180 * DAY },
  'image-timeout': { firstMs: 14 * DAY, limitMs: 180 * DAY },
  'worker-gave-up': { firstMs: DAY, limitMs: 30 * DAY },
  'worker-pending': { firstMs: HOUR, limitMs: DAY },
}

/** The longest pause an origin may ask for with `Retry-After`; a longer one is a mistake or a jest. */
export const LONGEST_RETRY_AFTER_MS = 7 * DAY

/**
 * Failures in a row after which a host is left in peace: few where nobody could connect, more where single answers broke
 * off or came late, which may be the fault of single files.
 */
const HOST_FAILURES_BEFORE_REST = { down: 3, up: 10 }

/** The shares of the wait between which chance chooses. */
const SPREAD = { least: 0.8, most: 1.2 }

/**
 * When this record may be tried again, milliseconds since the epoch.
 * @param tries failures in a row, this one included
 * @param chance from 0 up to 1
 */
export function nextTryMs(
  reason: FailReason,
  tries: number,
  retryAfterMs: number | null,
  nowMs: number,
  chance: number,
): number {
  const { firstMs, limitMs } = PATIENCE[reason]
  return nowMs + Math.max(spread(backoff(firstMs, limitMs, tries), chance), asked(retryAfterMs))
}

/**
 * Until when a host is left in peace after this failure; null if it is not yet.
 * @param failures in a row that were the host's, this one included
 * @param down nobody could connect to it
 */
export function hostRestMs(
  reason: FailReason,
  down: boolean,
  failures: number,
  retryAfterMs: number | null,
  nowMs: number,
  chance: number,
): number | null {
  const { firstMs, limitMs } = PATIENCE[reason]
  const rests = failures - HOST_FAILURES_BEFORE_REST[down ? 'down' : 'up']
  if (rests >= 0)
    return nowMs + Math.max(spread(backoff(firstMs, limitMs, rests + 1), chance), asked(retryAfterMs))
  return retryAfterMs === null ? null : nowMs + asked(retryAfterMs)
}

/** Whether a failure speaks of the host as a whole rather than of one file. */
export function blamesHost(reason: FailReason): boolean {
  return reason === 'unreachable' || reason === 'timeout' || reason === 'unavailable'
}

function backoff(firstMs: number, limitMs: number, tries: number): number {
  return Math.min(limitMs, firstMs * 2 ** Math.min(30, Math.max(0, tries - 1)))
}

function spread(ms: number, chance: number): number {
  return ms * (SPREAD.least + chance * (SPREAD.most - SPREAD.least))
}

function asked(retryAfterMs: number | null): number {
  return Math.min(LONGEST_RETRY_AFTER_MS, Math.max(0, retryAfterMs ?? 0))
}
