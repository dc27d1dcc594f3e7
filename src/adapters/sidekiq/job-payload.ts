/**
 * A Sidekiq job as text, written and read (docs/mastodon.md#sidekiq).
 *
 * The text is made by hand: ids pass 2^53, and Sidekiq 8 reads a time by its JSON type, so the digits of the one and the
 * decimal point of the other are not a JSON encoder's to decide.
 */
import type { MastodonVersion } from '../../core/model/schema.ts'
import type { RedownloadJob, RedownloadWorker } from '../../core/ports/vitals.ts'

/** The queue the Redownload workers live in. */
export const PULL = 'pull'

/** What the workers' own classes declare; without it errors outside the job are not tried again. */
const RETRIES: Readonly<Record<RedownloadWorker, number>> = {
  RedownloadAvatarWorker: 7,
  RedownloadHeaderWorker: 7,
  RedownloadMediaWorker: 3,
}

/** @throws RangeError if the id is not a whole number in decimal digits, or the jid not one */
export function payloadOf(
  job: RedownloadJob,
  { version, nowMs, jid }: { version: MastodonVersion; nowMs: number; jid: string },
): string {
  if (!/^(0|-?[1-9]\d*)$/.test(job.id)) throw new RangeError(`${job.id} is no id`)
  if (!/^[0-9a-f]{24}$/.test(jid)) throw new RangeError(`${jid} is no job id`)
  const time = timeOf(version, nowMs)
  return (
    `{"class":"${job.worker}","args":[${job.id}],"queue":"${PULL}","retry":${RETRIES[job.worker]},` +
    `"jid":"${jid}","created_at":${time},"enqueued_at":${time}}`
  )
}

/** Sidekiq 6 and 7 (Mastodon 4.3, 4.4) subtract seconds with a fraction, Sidekiq 8 whole milliseconds. */
function timeOf(version: MastodonVersion, nowMs: number): string {
  switch (version) {
    case '4.3':
    case '4.4':
      return (nowMs / 1000).toFixed(3)
    case '4.5':
    case '4.6':
      return Math.floor(nowMs).toFixed(0)
  }
}

/** How long a waiting job has waited; null if it does not say. */
export function ageOf(payload: string, nowMs: number): number | null {
  const at = objectIn(payload)?.['enqueued_at']
  return typeof at === 'number' ? Math.max(0, nowMs - inMs(at)) : null
}

/** Seconds or milliseconds since the epoch, which Sidekiq's versions use by turns: their sizes are far apart. */
export function inMs(time: number): number {
  return time > 1e11 ? time : time * 1000
}

/** Null for what is no job. */
export function jidOf(payload: string): string | null {
  const jid = objectIn(payload)?.['jid']
  return typeof jid === 'string' ? jid : null
}

/** The job if it is one of the Redownload workers'; null for every other. */
export function redownloadJobOf(payload: string): RedownloadJob | null {
  if (!payload.includes('"Redownload')) return null
  const job = objectIn(payload, keepDigits)
  const worker = job?.['class']
  const [id] = Array.isArray(job?.['args']) ? (job['args'] as unknown[]) : []
  const digits = typeof id === 'number' || typeof id === 'string' ? String(id) : ''
  if (typeof worker !== 'string' || !Object.hasOwn(RETRIES, worker) || !/^-?\d+$/.test(digits)) return null
  return { worker: worker as RedownloadWorker, id: digits }
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

/** Whole numbers that a double cannot hold stay as they are written. */
const keepDigits: Reviver = (_key, value, { source }) =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '') ? source : value

function objectIn(text: string, reviver?: Reviver): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text, reviver as (key: string, value: unknown) => unknown)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
