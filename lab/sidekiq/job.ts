/** A job as one version's Sidekiq reads it, strictly: what it would misread is refused with a sentence. */
import type { LabVersion } from '../instance/schema/schema.ts'

const WORKERS = ['RedownloadAvatarWorker', 'RedownloadHeaderWorker', 'RedownloadMediaWorker'] as const
export type WorkerName = (typeof WORKERS)[number]

export interface Job {
  readonly worker: WorkerName
  readonly id: string
  readonly jid: string
  readonly retry: number
  /** Failures so far. */
  readonly retryCount: number
  /** Everything it says, numbers as they were written. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** A number as it stands in the text: Ruby tells 1 from 1.0, and keeps every digit. */
class NumberText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  get isInteger(): boolean {
    return /^-?\d+$/.test(this.text)
  }
  toJSON(): unknown {
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(this.text)
  }
}

/** @throws Error with the reason for the refusal */
export function readJob(payload: string, version: LabVersion): Job {
  const fields = parse(payload)
  const { class: worker, args, queue, retry, jid, retry_count: count } = fields
  const [id] = Array.isArray(args) ? (args as unknown[]) : []
  if (!WORKERS.some((known) => known === worker)) throw new Error(`uninitialized constant ${String(worker)}`)
  if (!Array.isArray(args) || args.length !== 1) throw new Error('wrong number of arguments')
  if (!(id instanceof NumberText) || !id.isInteger) throw new Error('the id is not an Integer')
  if (queue !== 'pull') throw new Error(`the queue is ${String(queue)}`)
  if (!(retry instanceof NumberText) || !retry.isInteger) throw new Error('retry is not an Integer')
  if (typeof jid !== 'string' || !/^[0-9a-f]{24}$/.test(jid)) throw new Error('jid has not 24 digits')
  for (const name of ['created_at', 'enqueued_at']) refuseWrongTime(name, fields[name], version)
  return {
    worker: worker as WorkerName,
    id: id.text,
    jid,
    retry: Number(retry.text),
    retryCount: count instanceof NumberText ? Number(count.text) + 1 : 0,
    fields,
  }
}

/** The job's text with some fields set anew. */
export function withFields(job: Pick<Job, 'fields'>, fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...job.fields, ...fields })
}

/** A time as this version's Sidekiq writes it: `Time.now.to_f`, or whole milliseconds since Sidekiq 8 (Mastodon 4.5). */
export function timeField(version: LabVersion, ms: number): unknown {
  return new NumberText(writesMilliseconds(version) ? String(ms) : (ms / 1000).toFixed(6))
}

function refuseWrongTime(name: string, value: unknown, version: LabVersion): void {
  if (!(value instanceof NumberText)) throw new Error(`${name} is not a number`)
  if (value.isInteger !== writesMilliseconds(version))
    throw new Error(`${name} is ${value.text}, which Mastodon ${version}’s Sidekiq misreads`)
  const ms = Number(value.text) * (value.isInteger ? 1 : 1000)
  if (Math.abs(Date.now() - ms) > 86_400_000) throw new Error(`${name} is not about now`)
}

function writesMilliseconds(version: LabVersion): boolean {
  return version === '4.5' || version === '4.6'
}

function parse(payload: string): Record<string, unknown> {
  const keepNumbers = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' ? new NumberText(context?.source ?? '') : value
  return JSON.parse(payload, keepNumbers) as Record<string, unknown>
}
