import { remoteAccount } from '../accounts.ts'
import { localAccount } from '../local-accounts.ts'
import { allFollows, followsOf } from '../people.ts'
import { DAY_MS, HOUR_MS, since, type World } from '../world.ts'
import { fewRows, rowsFor, type Cell, type TableRows } from './table-rows.ts'

/** Not the hash of any password: nobody signs in by it. */
const NO_PASSWORD = '$2a$10$labinstancelabinstancelaOnobodyknowsanypasswordforthis00'

/** The four roles of a new server, -99 being everyone's. Source: Mastodon `config/roles.yml`. */
export function roleRows(world: World): TableRows {
  const old = new Date(world.nowMs - 2000 * DAY_MS)
  const bits = (...places: readonly number[]) => places.reduce((sum, place) => sum + 2 ** place, 0)
  const moderator = bits(2, 3, 4, 8, 10)
  const admin = moderator + bits(5, 6, 7, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19)
  return fewRows(
    'user_roles',
    ['id', 'name', 'position', 'permissions', 'highlighted', 'created_at', 'updated_at'],
    [
      [-99, '', -1, bits(16), false, old, old],
      [1, 'Moderator', 10, moderator, true, old, old],
      [2, 'Admin', 100, admin, true, old, old],
      [3, 'Owner', 1000, bits(0), true, old, old],
    ],
  )
}

/** `users`: one per local account, with the account's number plus one as id; the first is the owner. */
export function userRows(world: World): TableRows {
  return {
    table: 'users',
    columns: [
      'id',
      'email',
      'account_id',
      'role_id',
      'encrypted_password',
      'confirmed_at',
      'current_sign_in_at',
      'locale',
      'created_at',
      'updated_at',
    ],
    rows: rowsFor(world.localUsers, (index) => {
      const account = localAccount(world, index)
      const since_ = new Date(account.arrivedAtMs)
      const seen = new Date(world.nowMs - (1 + (index % 60)) * 7 * HOUR_MS)
      return [
        index + 1,
        `${account.username}@${world.localDomain}`,
        account.id,
        [3, 2, 1][index] ?? null,
        NO_PASSWORD,
        since_,
        seen,
        'en',
        since_,
        seen,
      ]
    }),
  }
}

/** `follows`, ids from 1. */
export function followRows(world: World): TableRows {
  return {
    table: 'follows',
    columns: ['id', 'account_id', 'target_account_id', 'uri', 'created_at', 'updated_at'],
    rows: (function* (): Generator<readonly Cell[]> {
      let id = 0
      for (const { from, to } of allFollows(world)) {
        const made = new Date(world.nowMs - (1 + (++id % 900)) * DAY_MS)
        yield [id, from.id, to.id, `${from.uri}#follows/${id}`, made, made]
      }
    })(),
  }
}

/** Requests, a list, blocks and mutes of the first user, for the remote accounts with the given numbers. */
export function bondRows(world: World): readonly TableRows[] {
  const first = localAccount(world, 0).id
  const old = new Date(world.nowMs - 50 * DAY_MS)
  const remote = (...numbers: readonly number[]) =>
    numbers.filter((number) => number < world.remoteAccounts).map((number) => remoteAccount(world, number).id)
  const listed = [...followsOf(world, 0)].slice(0, 5)
  const pairs = (ids: readonly string[]) => ids.map((id) => [first, id, old, old])
  const columns = ['account_id', 'target_account_id', 'created_at', 'updated_at']
  return [
    fewRows('follow_requests', columns, [
      ...pairs(remote(31, 32)),
      ...remote(33).map((id) => [id, first, old, old]),
    ]),
    fewRows('blocks', columns, pairs(remote(34, 35))),
    fewRows('mutes', columns, pairs(remote(36))),
    fewRows(
      'lists',
      ['id', 'account_id', 'title', 'created_at', 'updated_at'],
      [[1, first, 'Close', old, old]],
    ),
    // The first user's follows come first in `follows`, in this order.
    fewRows(
      'list_accounts',
      ['list_id', 'account_id', 'follow_id'],
      listed.map((account, at) => [1, account.id, at + 1]),
    ),
    ...(since(world, '4.6')
      ? collectionRows(
          world,
          first,
          listed.map((account) => account.id),
        )
      : []),
  ]
}

/** A collection of the first user's (4.6+). */
function collectionRows(world: World, owner: string, members: readonly string[]): readonly TableRows[] {
  const old = new Date(world.nowMs - 9 * DAY_MS)
  return [
    fewRows(
      'collections',
      [
        'id',
        'account_id',
        'name',
        'discoverable',
        'local',
        'sensitive',
        'item_count',
        'created_at',
        'updated_at',
      ],
      [[1001, owner, 'People worth reading', true, true, false, members.length, old, old]],
    ),
    fewRows(
      'collection_items',
      ['id', 'collection_id', 'account_id', 'position', 'state', 'created_at', 'updated_at'],
      members.map((id, at) => [2001 + at, 1001, id, at + 1, 1, old, old]),
    ),
  ]
}
