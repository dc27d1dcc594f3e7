/**
 * The rows a policy lets go of, a page of them or named ones: read, added up, or asked about rule by rule.
 * Times are UTC without a zone (docs/mastodon.md#times). To be asked by `askPage`, which says how they are written.
 * Relies on what `kept-because.ts` and `record-columns.ts` rely on.
 *
 * Cost, by EXPLAIN ANALYZE on 100,000 accounts and 300,000 attachments, for 5,000 rows: an index range of the
 * primary key, and for the rows that their own columns did not keep one look-up in an index for each rule, cheapest first.
 * Accounts 8 ms (tootctl: two look-ups in follows) and 11 ms (cornac: account_stats as well, and the account on the other
 * side of a follow), attachments 57 and 79 ms (six and nine look-ups by status, then owner and status of what goes), cards
 * 18 and 9 ms (none). No statement reads a table through, whatever its statistics say.
 */
import { KINDS, type Kind } from '../../../core/model/media.ts'
import { AGE_ENDS_DAYS } from '../../../core/model/prune-candidate.ts'
import {
  keepRulesFor,
  type KeepRule,
  type PruneKind,
  type PrunePolicy,
} from '../../../core/model/prune-policy.ts'
import type { SchemaFacts } from '../../../core/model/schema.ts'
import type { Statement } from './change-file.ts'
import { keptBecause, policySql, timestampText, type PolicySql } from './kept-because.ts'
import { gatherValues, type Put } from './put-values.ts'
import { fileColumns } from './record-columns.ts'

/** Kinds of one table, in table order. */
export type KindsOfTable = readonly [PruneKind, ...PruneKind[]]

/** Ids above `from`, through `to`, without those in `kept`; or the ids named. */
export type RowPage =
  | { readonly from: string; readonly to: string; readonly kept: readonly string[] }
  | { readonly ids: readonly string[] }

/** Rules for which there is no index by the row: whom they keep is found out once, before the pages (kept-ahead.ts). */
export const FOUND_AHEAD: Readonly<Record<PruneKind, readonly KeepRule[]>> = {
  avatar: ['follow-requested'],
  header: ['follow-requested'],
  attachment: [],
  card: [
    'posted-here',
    'favourited-here',
    'bookmarked',
    'answered-here',
    'boosted-here',
    'quoted-here',
    'quotes-us',
    'addressed-here',
  ],
}

/** Rules that look at one file of a row: of an account, the avatar may go and the header stay. */
const OF_ONE_FILE: readonly KeepRule[] = ['names-nothing', 'fetched-recently']

/** A row as `toCandidate` reads it: seven columns, then ten for each file of `filesOf`. Ascending by id. */
export function prunableRows(
  kinds: KindsOfTable,
  policy: PrunePolicy,
  page: RowPage,
  schema: SchemaFacts,
): Statement {
  const { values, put } = gatherValues()
  const { from, where, files, owner } = selection(kinds, policy, page, schema, put)
  const columns = files.map(
    ({ kind, goes }) =>
      `${goes}, ${exactly(`r.${KINDS[kind].columns}_updated_at`)}, ${fileColumns(kind, schema)}`,
  )
  const text = `SELECT r.id, ${owner.domain}, ${exactly('r.updated_at')},
      floor(date_part('epoch', ${quietSince(kinds[0], policy)}) * 1000 + 0.0005), ${owner.hidden}, r.ctid, r.xmin,
      ${columns.join(', ')}
    FROM ${from} WHERE ${where} ORDER BY r.id`
  return { text, values }
}

/** The same rows by kind, domain and age: kind, domain, bucket of age (0 is the oldest), rows, files, bytes. */
export function prunableTotals(
  kinds: KindsOfTable,
  policy: PrunePolicy,
  page: RowPage,
  schema: SchemaFacts,
): Statement {
  const { values, put } = gatherValues()
  const { from, where, files, owner } = selection(kinds, policy, page, schema, put)
  // Times count in whole milliseconds, and exactly seven days are no longer less than seven; buckets begin with their ends.
  const ends = AGE_ENDS_DAYS.map((days) => timestampText(policy.madeAtMs - days * 86_400_000 + 1))
  // Of a row with two files, the first that goes stands for the row.
  const lines = files.map(({ kind, goes }, at) => {
    const leads = files.slice(0, at).map((before) => `(${before.goes}) IS NOT TRUE`)
    return `('${kind}', ${goes}, ${leads.length === 0 ? 'true' : leads.join(' AND ')}, r.${KINDS[kind].columns}_file_size)`
  })
  const text = `SELECT f.kind, ${owner.domain},
      width_bucket(${quietSince(kinds[0], policy)}, ${put(ends.toReversed())}::timestamp[]),
      count(*) FILTER (WHERE f.leads)::float8, count(*)::float8, coalesce(sum(f.bytes), 0)::float8
    FROM ${from} CROSS JOIN LATERAL (VALUES ${lines.join(', ')}) f(kind, goes, leads, bytes)
    WHERE f.goes AND ${where} GROUP BY 1, 2, 3`
  return { text, values }
}

/** Of the row `id`: for each rule, whether it keeps the record of the kind. No row if there is none. */
export function rulesThatHold(
  kind: PruneKind,
  id: string,
  policy: PrunePolicy,
  rules: readonly KeepRule[],
): Statement {
  const { values, put } = gatherValues()
  const sql = policySql(policy, put)
  const columns = rules.map((rule) => `(${keptBecause(rule, kind, sql)}) IS TRUE`)
  return { text: `SELECT ${columns.join(', ')} FROM ${KINDS[kind].table} r WHERE r.id = ${put(id)}`, values }
}

/** The files of a row that go together when these kinds are let go. */
export function filesOf(kinds: KindsOfTable): readonly Kind[] {
  return kinds[0] === 'attachment' ? ['attachment', 'thumbnail'] : kinds
}

interface Selection {
  readonly from: string
  readonly where: string
  readonly files: NotKept['files']
  readonly owner: Owner
}

function selection(
  kinds: KindsOfTable,
  policy: PrunePolicy,
  page: RowPage,
  schema: SchemaFacts,
  put: Put,
): Selection {
  const sql = policySql(policy, put)
  const [first] = kinds
  const { files, ofRow } = notKeptBy(kinds, sql, schema, 'ids' in page ? [] : FOUND_AHEAD[first])
  const owner = ownerOf(first)
  const where = [
    pageCondition(page, first, sql, put),
    `(${files.map((file) => file.goes).join(' OR ')})`,
    ...ofRow,
  ]
  return { from: `${KINDS[first].table} r ${owner.join}`, where: where.join('\n AND '), files, owner }
}

/** What no rule may keep, as SQL over alias `r`: each file of the row that goes, and the row as a whole. */
export interface NotKept {
  readonly files: readonly { readonly kind: Kind; readonly goes: string }[]
  /** Each true of a row that goes, and true or false. */
  readonly ofRow: readonly string[]
}

/** Every rule of the policy but those in `except`. */
export function notKeptBy(
  kinds: KindsOfTable,
  sql: PolicySql,
  schema: SchemaFacts,
  except: readonly KeepRule[],
): NotKept {
  const [first] = kinds
  const rules = keepRulesFor(sql.policy, first, schema.has).filter((rule) => !except.includes(rule))
  const pictures = first === 'avatar' || first === 'header'
  return {
    files: filesOf(kinds).map((kind) => ({ kind, goes: goes(kind, rules, sql) })),
    ofRow: rules
      .filter((rule) => !pictures || !OF_ONE_FILE.includes(rule))
      .map((rule) => notKept(rule, first, sql)),
  }
}

function notKept(rule: KeepRule, kind: PruneKind, sql: PolicySql): string {
  return `(${keptBecause(rule, kind, sql)}) IS NOT TRUE`
}

function goes(kind: Kind, rules: readonly KeepRule[], sql: PolicySql): string {
  const named = `coalesce(r.${KINDS[kind].columns}_file_name, '') <> ''`
  if (kind !== 'avatar' && kind !== 'header') return named
  return rules.includes('fetched-recently')
    ? `(${named} AND ${notKept('fetched-recently', kind, sql)})`
    : named
}

function pageCondition(page: RowPage, kind: PruneKind, sql: PolicySql, put: Put): string {
  if ('ids' in page) return `r.id = ANY(${put(page.ids)}::bigint[])`
  const conditions = [`r.id > ${put(page.from)} AND r.id <= ${put(page.to)}`]
  if (page.kept.length > 0) conditions.push(`r.id <> ALL(${put(page.kept)}::bigint[])`)
  // Said so that the index led by domain can be used.
  if (KINDS[kind].owner === 'row' && sql.policy.domain !== null) conditions.push(`r.domain = ${sql.domain()}`)
  return conditions.join(' AND ')
}

interface Owner {
  readonly join: string
  readonly domain: string
  readonly hidden: string
}

/** OFFSET 0 keeps these look-ups by primary key, one for each row that goes: as joins they might read whole tables. */
const OWNER_OF_ATTACHMENT: Owner = {
  join: `LEFT JOIN LATERAL (SELECT lower(a.domain) AS domain, a.suspended_at FROM accounts a
      WHERE a.id = r.account_id OFFSET 0) o ON true
    LEFT JOIN LATERAL (SELECT s.deleted_at FROM statuses s WHERE s.id = r.status_id OFFSET 0) s ON true`,
  domain: 'o.domain',
  hidden: '(o.suspended_at IS NOT NULL OR s.deleted_at IS NOT NULL)',
}

function ownerOf(kind: PruneKind): Owner {
  switch (kind) {
    case 'avatar':
    case 'header':
      return { join: '', domain: 'lower(r.domain)', hidden: 'r.suspended_at IS NOT NULL' }
    case 'attachment':
      return OWNER_OF_ATTACHMENT
    case 'card':
      return { join: '', domain: 'NULL::text', hidden: 'false' }
  }
}

/** The row's times that tell its age under the preset. */
function quietSince(kind: PruneKind, { preset }: PrunePolicy): string {
  switch (kind) {
    case 'avatar':
    case 'header':
      return 'greatest(r.last_webfingered_at, r.updated_at)'
    case 'attachment':
      return preset === 'tootctl' ? 'r.created_at' : 'greatest(r.created_at, r.updated_at)'
    case 'card':
      return 'r.updated_at'
  }
}

/** To the microsecond, in a statement of `askPage`. */
function exactly(time: string): string {
  return `${time}::text`
}
