import { remoteAccount } from '../accounts.ts'
import { localAccount } from '../local-accounts.ts'
import { TOLD_DOMAINS } from '../domains.ts'
import { DAY_MS, since, type World } from '../world.ts'
import { fewRows, type Cell, type TableRows } from './table-rows.ts'

const SILENCE = 0
const SUSPEND = 1
const NOOP = 2

/** Domain blocks, unavailable domains, deletion requests, reports, tombstones. No domain allows: federation is open. */
export function moderationRows(world: World): readonly TableRows[] {
  const old = new Date(world.nowMs - 200 * DAY_MS)
  const told = TOLD_DOMAINS
  const blocks: readonly (readonly Cell[])[] = [
    [told.blocked, SUSPEND, false, 'spam and worse'],
    [told.pardoned, NOOP, false, 'the one good tenant'],
    [told.silenced, SILENCE, false, null],
    [told.noMedia, SILENCE, true, 'pictures nobody wants'],
    ['never-seen.example', SUSPEND, true, null],
  ]
  return [
    fewRows(
      'domain_blocks',
      ['domain', 'severity', 'reject_media', 'private_comment', 'created_at', 'updated_at'],
      blocks.map((row) => [...row, old, old]),
    ),
    fewRows('unavailable_domains', ['domain', 'created_at', 'updated_at'], [[told.unavailable, old, old]]),
    ...(world.remoteAccounts > 30 ? accountCases(world) : []),
  ]
}

/** What the instance holds against single accounts; the numbers are those of `peculiar-accounts.ts`. */
function accountCases(world: World): readonly TableRows[] {
  const first = localAccount(world, 0).id
  const suspended = remoteAccount(world, 14).id
  const reported = remoteAccount(world, 16).id
  const days = (count: number) => new Date(world.nowMs - count * DAY_MS)
  return [
    fewRows(
      'account_deletion_requests',
      ['account_id', 'created_at', 'updated_at'],
      [[suspended, days(9), days(9)]],
    ),
    fewRows(
      'reports',
      ['account_id', 'target_account_id', 'comment', 'uri', 'created_at', 'updated_at'],
      [[first, reported, 'Please look at this', null, days(2), days(2)]],
    ),
    fewRows(
      'tombstones',
      ['account_id', 'uri', 'created_at', 'updated_at'],
      [[reported, `${remoteAccount(world, 16).uri}/statuses/gone`, days(40), days(40)]],
    ),
  ]
}

/**
 * `settings`: values are YAML. Media retention is on, content retention was switched off again, backups are left at
 * the default by having no row.
 */
export function settingRows(world: World): TableRows {
  const old = new Date(world.nowMs - 300 * DAY_MS)
  const values: readonly (readonly [string, string])[] = [
    ['site_title', '--- The lab\n'],
    ['media_cache_retention_period', '--- 30\n'],
    ['content_cache_retention_period', "--- ''\n"],
    ['authorized_fetch', '--- false\n'],
  ]
  // The indexed thing columns of 4.3 hold NULL for the server's own settings; nothing to write for them.
  return fewRows(
    'settings',
    ['var', 'value', 'created_at', 'updated_at'],
    values.map(([name, value]) => [
      name,
      since(world, '4.4') ? value : value.replace(/\n$/, '\n...\n'),
      old,
      old,
    ]),
  )
}
