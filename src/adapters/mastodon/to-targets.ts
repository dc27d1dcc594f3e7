/** Rows of the queries for heal as targets. */
import type { HealTarget, Owner, PictureKind } from '../../core/model/heal-target.ts'
import type { Row } from '../postgres/ask.ts'
import { toRecord } from './records.ts'

const FILE_COLUMNS = 8
const MEDIA_TYPES = ['image', 'gifv', 'video', 'unknown', 'audio'] as const
const NO_TRAITS = { owner: null, page: null, shortcode: null, mediaType: null }

/** A row of `accountTargetColumns`. */
export function accountTargets(row: Row, kinds: readonly PictureKind[]): HealTarget[] {
  const [id, username, domain, uri, hidden] = row as [string, string, string, string | null, boolean]
  const owner: Owner = { id, username, domain, uri }
  const label = `${username}@${domain}`
  return kinds.map((kind, i) => {
    const from = 5 + i * FILE_COLUMNS
    const record = toRecord(kind, [...row.slice(from, from + FILE_COLUMNS), domain, hidden])
    return { ...NO_TRAITS, record, label, owner }
  })
}

/** A row of `attachmentTargetColumns`: the attachment, then its thumbnail. */
export function attachmentTargets(row: Row): HealTarget[] {
  const [type, hidden, id, username, domain, uri] = row as [
    number,
    boolean,
    string | null,
    string | null,
    string | null,
    string | null,
  ]
  const owner: Owner | null =
    id === null || username === null || domain === null ? null : { id, username, domain, uri }
  const mediaType = MEDIA_TYPES[type] ?? 'unknown'
  return (['attachment', 'thumbnail'] as const).map((kind, i) => {
    const from = 6 + i * FILE_COLUMNS
    const record = toRecord(kind, [...row.slice(from, from + FILE_COLUMNS), domain, hidden])
    const label =
      owner === null ? (username ?? `attachment ${record.id}`) : `${owner.username}@${owner.domain}`
    return { ...NO_TRAITS, record, label, owner, mediaType }
  })
}

/** A row of `emojiTargets`. */
export function emojiTarget(row: Row): HealTarget {
  const [shortcode, domain] = row as [string, string]
  const record = toRecord('emoji', [...row.slice(2), domain, false])
  return { ...NO_TRAITS, record, label: `:${shortcode}:@${domain}`, shortcode }
}

/** A row of `cardTargets`. */
export function cardTarget(row: Row): HealTarget {
  const page = row[0] as string
  const record = toRecord('card', [...row.slice(1), null, false])
  return { ...NO_TRAITS, record, label: page, page }
}
