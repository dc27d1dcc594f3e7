/** Rows of cornac.ledger and what they mean. */
import type { FailReason } from '../../core/model/heal-outcome.ts'
import type { Kind } from '../../core/model/media.ts'
import type { LedgerEntry } from '../../core/ports/state.ts'
import type { Row } from '../postgres/ask.ts'

/** Milliseconds since the epoch, as a number. */
export function asMs(column: string): string {
  return `round(extract(epoch FROM ${column}) * 1000)::float8`
}

/** What `toEntry` reads, in its order. */
export const COLUMNS = `kind, record_id::text, label, url, host, outcome, detail, tries, ${asMs('first_tried_at')},
  ${asMs('last_tried_at')}, ${asMs('next_try_at')}`

export function toEntry(row: Row): LedgerEntry {
  const [kind, id, label, url, host, outcome, detail, tries, first, last, next] = row as [
    ...[Kind, string, string, string | null, string, FailReason, string],
    ...[number, number, number, number],
  ]
  return {
    ...{ kind, id, label, url, host, outcome, detail, tries },
    ...{ firstTriedAtMs: first, lastTriedAtMs: last, nextTryAtMs: next },
  }
}

/** Times in whole milliseconds, so that what is read is what was written. */
export function toJson(entry: LedgerEntry): Record<string, unknown> {
  const { kind, id, label, url, host, outcome, detail, tries } = entry
  return {
    ...{ kind, record_id: id, label: storable(label), url: url === null ? null : keepable(url) },
    ...{ host: storable(host), outcome, detail: storable(detail), tries },
    first: Math.round(entry.firstTriedAtMs),
    last: Math.round(entry.lastTriedAtMs),
    next: Math.round(entry.nextTryAtMs),
  }
}

const LONGEST_TEXT = 500

/** What origins say may hold characters PostgreSQL keeps in no text (U+0000), or halves of them, and may be endless. */
export function storable(text: string): string {
  return keepable(text).slice(0, LONGEST_TEXT).toWellFormed()
}

/** As `storable`, but whole: an address is compared with what the row says. */
export function keepable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}
