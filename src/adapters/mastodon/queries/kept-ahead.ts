/**
 * Whom rules keep for which no index is led by the row: found in one walk over the smaller table, ids above `$1` through
 * `$2`.
 * Cost: an index range of the primary key and look-ups by index for each row; 50 ms for 5,000 rows of preview_cards_statuses.
 * Relies on follow_requests, accounts and preview_cards_statuses as in 4.3 to 4.6, and on what `touched-here.ts` relies on.
 */
import type { KeepRule } from '../../../core/model/prune-policy.ts'
import { TOUCHED_HERE } from './touched-here.ts'

/** Accounts that ask to follow a local one, or that a local one asks to follow. */
export const FOLLOW_REQUESTED = `SELECT CASE WHEN asks THEN account_id ELSE target_account_id END FROM (
    SELECT q.account_id, q.target_account_id,
      (SELECT l.domain FROM accounts l WHERE l.id = q.target_account_id) IS NULL AS is_asked,
      (SELECT l.domain FROM accounts l WHERE l.id = q.account_id) IS NULL AS is_ours
    FROM follow_requests q WHERE q.id > $1 AND q.id <= $2) q
  CROSS JOIN (VALUES (true), (false)) v(asks)
  WHERE CASE WHEN asks THEN is_asked ELSE is_ours END`

/** Cards of posts that one of the rules is true of. */
export function cardsTouchedHere(rules: readonly KeepRule[]): string {
  const touched = rules.map((rule) => TOUCHED_HERE[rule]?.('c.status_id') ?? 'false')
  return `SELECT DISTINCT c.preview_card_id FROM preview_cards_statuses c
    WHERE c.status_id > $1 AND c.status_id <= $2 AND (${touched.join('\n OR ')})`
}
