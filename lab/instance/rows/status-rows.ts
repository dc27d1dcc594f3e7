import { localAccount, remoteAccount, type LabAccount } from '../accounts.ts'
import { attachmentId } from '../attachments.ts'
import {
  authorOf,
  isSoftDeleted,
  roleOf,
  SLOTS_PER_GROUP,
  statusAt,
  statusId,
  type StatusRole,
} from '../status-groups.ts'
import { at, type Cell, type TableRows } from './table-rows.ts'
import { since, type World } from '../world.ts'

/** One status of the instance, with what others of its group have to do with it. */
interface LabStatus {
  readonly id: string
  readonly group: number
  readonly slot: number
  readonly role: StatusRole
  readonly author: LabAccount
  readonly atMs: number
  /** Slot of the status it answers or boosts; null for one that stands alone. */
  readonly about: number | null
}

function* allStatuses(world: World): Generator<LabStatus> {
  for (let group = 0; group < world.groups; group++) {
    for (let slot = 0; slot < SLOTS_PER_GROUP; slot++) {
      const role = roleOf(world, group, slot)
      yield {
        id: statusId(world, group, slot),
        group,
        slot,
        role,
        author: authorOf(world, group, slot),
        atMs: statusAt(world, group, slot),
        about: role === 'local-reply' ? 1 : role === 'local-boost' ? 0 : null,
      }
    }
  }
}

/** Counted from 1; a reply stands in the conversation of what it answers. */
function conversationOf(status: Pick<LabStatus, 'group' | 'slot' | 'role'>): number {
  return status.group * SLOTS_PER_GROUP + (status.role === 'local-reply' ? 1 : status.slot) + 1
}

/** `statuses`. The very first has NULL in `local`, as ancient rows do. */
export function statusRows(world: World): TableRows {
  return {
    table: 'statuses',
    columns: [
      'id',
      'uri',
      'url',
      'text',
      'created_at',
      'updated_at',
      'in_reply_to_id',
      'reblog_of_id',
      'visibility',
      'reply',
      'language',
      'conversation_id',
      'local',
      'account_id',
      'in_reply_to_account_id',
      'deleted_at',
      'ordered_media_attachment_ids',
    ],
    rows: (function* (): Generator<readonly Cell[]> {
      for (const status of allStatuses(world)) yield cellsOf(world, status)
    })(),
  }
}

function cellsOf(world: World, status: LabStatus): readonly Cell[] {
  const { group, slot, role, author, id } = status
  const about = status.about === null ? null : statusId(world, group, status.about)
  const boost = role === 'local-boost'
  const uri =
    author.domain === null ? `${author.uri}/statuses/${id}` : `${author.uri}/statuses/${group}-${slot}`
  return [
    id,
    boost ? `${uri}/activity` : uri,
    boost ? null : uri,
    boost ? '' : `Number ${slot} of group ${group}`,
    new Date(status.atMs),
    new Date(status.atMs),
    boost ? null : about,
    boost ? about : null,
    role === 'direct' ? 3 : 0,
    role === 'local-reply',
    'en',
    conversationOf(status),
    group === 0 && slot === 0 ? null : author.domain === null,
    author.id,
    role === 'local-reply' ? authorOf(world, group, 1).id : null,
    at(isSoftDeleted(world, group, slot) ? status.atMs + 60_000 : null),
    mediaIds(world, group, slot),
  ]
}

function mediaIds(world: World, group: number, slot: number): string | null {
  const numbers = slot === 0 ? [0, 1] : slot === 1 ? [2] : slot === 2 ? [3] : []
  return numbers.length === 0 ? null : `{${numbers.map((n) => attachmentId(world, group * 4 + n)).join(',')}}`
}

/** `conversations`: one for each status that is no reply. */
export function conversationRows(world: World): TableRows {
  const rooted = since(world, '4.5')
  return {
    table: 'conversations',
    columns: ['id', 'created_at', 'updated_at', ...(rooted ? ['parent_status_id', 'parent_account_id'] : [])],
    rows: (function* (): Generator<readonly Cell[]> {
      for (const status of allStatuses(world)) {
        if (status.role === 'local-reply') continue
        const made = new Date(status.atMs)
        yield [conversationOf(status), made, made, ...(rooted ? [status.id, status.author.id] : [])]
      }
    })(),
  }
}

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

function isLocalPost(group: number): boolean {
  return group % 10 === 3
}

function local(world: World, group: number): LabAccount {
  return localAccount(world, group % world.localUsers)
}

/** A remote account that liked a local post. */
function fan(world: World, group: number): LabAccount {
  return remoteAccount(world, (group * 7 + 3) % Math.max(1, world.remoteAccounts))
}

/** Mentions, and favourites of local posts. `activity_id` counts as the rows of those tables were loaded. */
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

/** Local posts that quote a remote one (4.4+). */
function quoteRows(world: World): TableRows {
  return signals(
    world,
    'quotes',
    ['account_id', 'status_id', 'quoted_status_id', 'quoted_account_id', 'state'],
    (group) =>
      roleOf(world, group, 5) === 'local-quote'
        ? [
            authorOf(world, group, 5).id,
            statusId(world, group, 5),
            statusId(world, group, 1),
            authorOf(world, group, 1).id,
            1,
          ]
        : null,
  )
}

/** Objects a status points at (4.6+). */
function taggedRows(world: World): TableRows {
  return signals(world, 'tagged_objects', ['status_id', 'ap_type', 'uri'], (group) =>
    group % 90 === 2 ? [statusId(world, group, 0), 'Note', `https://news.example/objects/${group}`] : null,
  )
}
