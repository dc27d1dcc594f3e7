import { remoteAccount, type LabAccount } from '../accounts.ts'
import { localAccount } from '../local-accounts.ts'
import { authorOf, isLocalPost, roleOf, statusAt, statusId } from '../status-groups.ts'
import { since, type World } from '../world.ts'
import { conversationOf } from './status-rows.ts'
import type { Cell, TableRows } from './table-rows.ts'

/** What people here did with statuses, and what reached them: one table at a time, all from the groups' numbers. */
export function signalRows(world: World): readonly TableRows[] {
  return [
    signals(world, 'mentions', ['status_id', 'account_id'], (group) =>
      isMention(world, group) ? [statusId(world, group, 3), local(world, group).id] : null,
    ),
    signals(world, 'favourites', ['account_id', 'status_id'], (group) => {
      if (group % 6 === 0) return [local(world, group).id, statusId(world, group, 0)]
      return isLocalPost(group) ? [fan(world, group).id, statusId(world, group, 2)] : null
    }),
    signals(world, 'bookmarks', ['account_id', 'status_id'], (group) =>
      group % 15 === 4 ? [local(world, group).id, statusId(world, group, 1)] : null,
    ),
    signals(world, 'status_pins', ['account_id', 'status_id'], (group) =>
      group % 40 === 11 ? [authorOf(world, group, 1).id, statusId(world, group, 1)] : null,
    ),
    notificationRows(world),
    // After those that notifications count.
    signals(world, 'mentions', ['status_id', 'account_id'], (group) =>
      isLocalPost(group) ? [statusId(world, group, 2), mentioned(world, group).id] : null,
    ),
    accountConversationRows(world),
    signals(
      world,
      'polls',
      ['account_id', 'status_id', 'options', 'cached_tallies', 'expires_at'],
      (group, made) =>
        group % 50 === 9
          ? [authorOf(world, group, 5).id, statusId(world, group, 5), '{yes,no}', '{2,1}', made]
          : null,
    ),
    signals(world, 'status_stats', ['status_id', 'favourites_count', 'reblogs_count'], (group) =>
      group % 6 === 0 || group % 12 === 5
        ? [statusId(world, group, 0), group % 6 === 0 ? 1 : 0, group % 12 === 5 ? 1 : 0]
        : null,
    ),
    ...(since(world, '4.4') ? [quoteRows(world)] : []),
    ...(since(world, '4.6') ? [taggedRows(world)] : []),
  ]
}

function signals(
  world: World,
  table: string,
  columns: readonly string[],
  cells: (group: number, made: Date) => readonly Cell[] | null,
): TableRows {
  return {
    table,
    columns: [...columns, 'created_at', 'updated_at'],
    rows: (function* (): Generator<readonly Cell[]> {
      for (let group = 0; group < world.groups; group++) {
        const made = new Date(statusAt(world, group, 5) + 1)
        const row = cells(group, made)
        if (row !== null) yield [...row, made, made]
      }
    })(),
  }
}

function isMention(world: World, group: number): boolean {
  const role = roleOf(world, group, 3)
  return role === 'mention' || role === 'direct'
}

function local(world: World, group: number): LabAccount {
  return localAccount(world, group % world.localUsers)
}

/** A remote account that liked a local post. */
function fan(world: World, group: number): LabAccount {
  return remoteAccount(world, (group * 7 + 3) % Math.max(1, world.remoteAccounts))
}

/** A remote account that a local post mentions. */
function mentioned(world: World, group: number): LabAccount {
  return remoteAccount(world, (group * 13 + 5) % Math.max(1, world.remoteAccounts))
}

/**
 * Mentions by remote posts, and favourites of local ones; those of answers, boosts and quotes the users have cleared.
 * `activity_id` counts as the rows of those tables were loaded.
 */
function notificationRows(world: World): TableRows {
  return {
    table: 'notifications',
    columns: [
      'activity_id',
      'activity_type',
      'type',
      'account_id',
      'from_account_id',
      'created_at',
      'updated_at',
    ],
    rows: (function* (): Generator<readonly Cell[]> {
      let mentions = 0
      let favourites = 0
      for (let group = 0; group < world.groups; group++) {
        const made = new Date(statusAt(world, group, 5) + 2)
        if (isMention(world, group)) {
          mentions += 1
          const from = authorOf(world, group, 3).id
          yield [mentions, 'Mention', 'mention', local(world, group).id, from, made, made]
        }
        if (group % 6 === 0 || isLocalPost(group)) favourites += 1
        if (group % 6 !== 0 && isLocalPost(group)) {
          const to = authorOf(world, group, 2).id
          yield [favourites, 'Favourite', 'favourite', to, fan(world, group).id, made, made]
        }
      }
    })(),
  }
}

/** Direct messages as their local reader sees them. */
function accountConversationRows(world: World): TableRows {
  return {
    table: 'account_conversations',
    columns: ['account_id', 'conversation_id', 'participant_account_ids', 'status_ids', 'last_status_id'],
    rows: (function* (): Generator<readonly Cell[]> {
      for (let group = 0; group < world.groups; group++) {
        if (roleOf(world, group, 3) !== 'direct') continue
        const id = statusId(world, group, 3)
        const conversation = conversationOf({ group, slot: 3, role: 'direct' })
        yield [local(world, group).id, conversation, `{${authorOf(world, group, 3).id}}`, `{${id}}`, id]
      }
    })(),
  }
}

/** Local posts that quote a remote one, and remote posts that quote a local one (4.4+). */
function quoteRows(world: World): TableRows {
  return signals(
    world,
    'quotes',
    ['account_id', 'status_id', 'quoted_status_id', 'quoted_account_id', 'state'],
    (group) => {
      const role = roleOf(world, group, 5)
      if (role !== 'local-quote' && role !== 'remote-quote') return null
      const quoted = role === 'local-quote' ? 1 : 2
      return [
        authorOf(world, group, 5).id,
        statusId(world, group, 5),
        statusId(world, group, quoted),
        authorOf(world, group, quoted).id,
        1,
      ]
    },
  )
}

/** Objects a status points at (4.6+). */
function taggedRows(world: World): TableRows {
  return signals(world, 'tagged_objects', ['status_id', 'ap_type', 'uri'], (group) =>
    group % 90 === 2 ? [statusId(world, group, 0), 'Note', `https://news.example/objects/${group}`] : null,
  )
}
