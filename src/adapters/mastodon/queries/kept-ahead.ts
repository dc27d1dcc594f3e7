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
  return `SELECT DISTINCT c.preview_card_id FROM preview_cards_statuses c
    WHERE c.status_id > $1 AND c.status_id <= $2 AND ${anyOf(rules)}`
}

/**
 * Of the accounts in the relation `seen`, those that `FOLLOW_REQUESTED` gives: no index is led by the account asked, so the
 * requests are read once for all of them.
 */
export const REQUESTED_AMONG = `SELECT s.id FROM seen s JOIN follow_requests q ON q.account_id = s.id
    WHERE (SELECT l.domain FROM accounts l WHERE l.id = q.target_account_id) IS NULL
  UNION ALL
  SELECT s.id FROM seen s JOIN follow_requests q ON q.target_account_id = s.id
    WHERE (SELECT l.domain FROM accounts l WHERE l.id = q.account_id) IS NULL`

/** Of the cards in the relation `seen`, those of posts with the id `since` or a larger one that one of the rules is true of. */
export function cardsTouchedAmong(rules: readonly KeepRule[], since: string): string {
  // OFFSET 0: the rules are asked only about posts of these cards.
  return `SELECT c.preview_card_id FROM (
      SELECT p.preview_card_id, p.status_id FROM preview_cards_statuses p JOIN seen s ON s.id = p.preview_card_id
        WHERE p.status_id >= ${since} OFFSET 0) c
    WHERE ${anyOf(rules)}`
}

function anyOf(rules: readonly KeepRule[]): string {
  return `(${rules.map((rule) => TOUCHED_HERE[rule]?.('c.status_id') ?? 'false').join('\n OR ')})`
}
