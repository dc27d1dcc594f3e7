/**
 * What people here did with one post, as SQL over an expression for the post's id (which may be NULL: then nothing). As
 * Mastodon 4.6 `MediaAttachment.without_local_interaction` tells it; `kept` there is `deleted_at IS NULL`.
 *
 * Every part is an aggregate over an index led by the post: what stops at the first row might as well be answered by reading
 * whole tables when statistics mislead, an aggregate is not.
 * Relies on statuses, favourites, bookmarks, mentions and accounts as in 4.3 to 4.6, and on quotes (4.4 on).
 */
import type { KeepRule } from '../../../core/model/prune-policy.ts'

/** A local post that is not deleted, over the alias `t`; `local` may be NULL (docs/mastodon.md#locality). */
const OURS = '((t.local IS TRUE OR t.uri IS NULL) AND t.deleted_at IS NULL)'

const byUs = (column: string): string => `(SELECT l.domain FROM accounts l WHERE l.id = ${column}) IS NULL`
const isOurs = (id: string): string => `(SELECT ${OURS} FROM statuses t WHERE t.id = ${id})`

/** The rules about posts, in SQL that is true or false where the post exists. */
export const TOUCHED_HERE: Readonly<Partial<Record<KeepRule, (statusId: string) => string>>> = {
  'posted-here': isOurs,
  'favourited-here': (id) =>
    `(SELECT bool_or(${byUs('f.account_id')}) FROM favourites f WHERE f.status_id = ${id})`,
  bookmarked: (id) => `(SELECT count(*) > 0 FROM bookmarks b WHERE b.status_id = ${id})`,
  'answered-here': (id) => `(SELECT bool_or(${OURS}) FROM statuses t WHERE t.in_reply_to_id = ${id})`,
  'boosted-here': (id) => `(SELECT bool_or(${OURS}) FROM statuses t WHERE t.reblog_of_id = ${id})`,
  'quoted-here': (id) =>
    `(SELECT bool_or(${isOurs('q.status_id')}) FROM quotes q WHERE q.quoted_status_id = ${id})`,
  'quotes-us': (id) =>
    `(SELECT bool_or(${isOurs('q.quoted_status_id')}) FROM quotes q WHERE q.status_id = ${id})`,
  'addressed-here': (id) =>
    `(SELECT bool_or(${byUs('m.account_id')}) FROM mentions m WHERE m.status_id = ${id})`,
}
