/**
 * The keep rules as SQL over alias `r` of the kind's table. A rule holds where its expression is true; false and NULL are
 * alike, so negate with IS NOT TRUE only.
 * Relies on accounts, account_stats, follows, follow_requests, media_attachments, statuses, preview_cards and
 * preview_cards_statuses as in 4.3 to 4.6.
 */
import { KINDS } from '../../../core/model/media.ts'
import {
  AT_THE_CUTOFF,
  type KeepRule,
  type PruneKind,
  type PrunePolicy,
} from '../../../core/model/prune-policy.ts'
import type { Put } from './put-values.ts'
import { TOUCHED_HERE } from './touched-here.ts'

/** A policy inside one statement, whose values it puts there when they are first needed. */
export interface PolicySql {
  readonly policy: PrunePolicy
  readonly cutoff: () => string
  readonly domain: () => string
}

export function policySql(policy: PrunePolicy, put: Put): PolicySql {
  let cutoff: string | undefined
  let domain: string | undefined
  return {
    policy,
    // As text: a number would pass through floating point on its way to microseconds.
    cutoff: () => (cutoff ??= `${put(timestampText(policy.cutoffMs))}::timestamp`),
    domain: () => (domain ??= `${put(policy.domain)}::varchar`),
  }
}

/** Milliseconds since the epoch as PostgreSQL reads a UTC time without a zone, whatever DateStyle says. */
export function timestampText(ms: number): string {
  return new Date(ms).toISOString().slice(0, -1)
}

/** True of the rows of the kind that the rule keeps. */
export function keptBecause(rule: KeepRule, kind: PruneKind, sql: PolicySql): string {
  const young = (time: string): string =>
    `${time} ${AT_THE_CUTOFF[kind] === 'kept' ? '>=' : '>'} ${sql.cutoff()}`
  switch (rule) {
    case 'local':
      return kind === 'attachment' ? `r.remote_url = ''` : 'r.domain IS NULL'
    case 'names-nothing':
      return namesNothing(kind, sql.policy)
    case 'other-domain':
      return belongsElsewhere(kind, sql)
    case 'not-a-link':
      return 'r.type <> 0'
    case 'never-looked-up':
      return 'r.last_webfingered_at IS NULL'
    case 'looked-up-recently':
      return young('r.last_webfingered_at')
    case 'updated-recently':
      return young('r.updated_at')
    case 'fetched-recently':
      return young(fetchedAt(kind, sql.policy))
    case 'posted-recently':
      return young('(SELECT s.last_status_at FROM account_stats s WHERE s.account_id = r.id)')
    case 'closed':
      return kind === 'attachment' ? CLOSED_ATTACHMENT : 'r.suspended_at IS NOT NULL'
    case 'in-follows':
      return `((SELECT count(*) > 0 FROM follows f WHERE f.account_id = r.id)
        OR (SELECT count(*) > 0 FROM follows f WHERE f.target_account_id = r.id))`
    case 'followed-here':
      return `(SELECT bool_or(${isLocal('f.account_id')}) FROM follows f WHERE f.target_account_id = r.id)`
    case 'follows-us':
      return `(SELECT bool_or(${isLocal('f.target_account_id')}) FROM follows f WHERE f.account_id = r.id)`
    case 'follow-requested':
      return `(SELECT bool_or(CASE WHEN q.account_id = r.id THEN ${isLocal('q.target_account_id')}
          ELSE ${isLocal('q.account_id')} END)
        FROM follow_requests q WHERE q.account_id = r.id OR q.target_account_id = r.id)`
    case 'posted-here':
    case 'favourited-here':
    case 'bookmarked':
    case 'answered-here':
    case 'boosted-here':
    case 'quoted-here':
    case 'quotes-us':
    case 'addressed-here':
      return touched(rule, kind)
  }
}

function isLocal(account: string): string {
  return `(SELECT l.domain FROM accounts l WHERE l.id = ${account}) IS NULL`
}

/** tootctl looks at the file alone (docs/mastodon.md#tootctl-removals); Cornac sees a thumbnail that was left behind, too. */
function namesNothing(kind: PruneKind, { preset }: PrunePolicy): string {
  const nothing = (prefix: string): string => `coalesce(r.${prefix}_file_name, '') = ''`
  return kind === 'attachment' && preset === 'cornac'
    ? `(${nothing('file')} AND ${nothing('thumbnail')})`
    : nothing(KINDS[kind].columns)
}

function belongsElsewhere(kind: PruneKind, sql: PolicySql): string {
  switch (kind) {
    case 'avatar':
    case 'header':
      return `r.domain IS DISTINCT FROM ${sql.domain()}`
    case 'attachment':
      return `(SELECT a.domain FROM accounts a WHERE a.id = r.account_id) IS DISTINCT FROM ${sql.domain()}`
    case 'card':
      return 'true'
  }
}

/** The media proxy sets `created_at` (docs/mastodon.md#media-proxy); other ways of fetching set the file's own time. */
function fetchedAt(kind: PruneKind, { preset }: PrunePolicy): string {
  switch (kind) {
    case 'avatar':
    case 'header':
      return `r.${kind}_updated_at`
    case 'attachment':
      return preset === 'tootctl'
        ? 'r.created_at'
        : 'greatest(r.created_at, r.file_updated_at, r.thumbnail_updated_at)'
    case 'card':
      return 'greatest(r.created_at, r.image_updated_at)'
  }
}

const CLOSED_ATTACHMENT = `((SELECT a.suspended_at IS NOT NULL FROM accounts a WHERE a.id = r.account_id) IS TRUE
  OR (SELECT s.deleted_at IS NOT NULL FROM statuses s WHERE s.id = r.status_id) IS TRUE)`

/** Of a card: any of its posts. */
function touched(rule: KeepRule, kind: PruneKind): string {
  const here = TOUCHED_HERE[rule]
  if (here === undefined) throw new Error(`${rule} is not about posts`)
  return kind === 'card'
    ? `(SELECT bool_or(${here('c.status_id')}) FROM preview_cards_statuses c WHERE c.preview_card_id = r.id)`
    : here('r.status_id')
}
