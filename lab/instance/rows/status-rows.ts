import type { LabAccount } from '../accounts.ts'
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

/** The slot of what a reply answers and a boost repeats. */
const ABOUT: Partial<Readonly<Record<StatusRole, number>>> = {
  'local-reply': 1,
  'local-boost': 0,
  'remote-reply': 2,
  'remote-boost': 2,
}

function isReply(role: StatusRole): boolean {
  return role === 'local-reply' || role === 'remote-reply'
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
        about: ABOUT[role] ?? null,
      }
    }
  }
}

/** Counted from 1; a reply stands in the conversation of what it answers. */
export function conversationOf(status: Pick<LabStatus, 'group' | 'slot' | 'role'>): number {
  const slot = isReply(status.role) ? (ABOUT[status.role] ?? status.slot) : status.slot
  return status.group * SLOTS_PER_GROUP + slot + 1
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
  const boost = role === 'local-boost' || role === 'remote-boost'
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
    isReply(role),
    'en',
    conversationOf(status),
    group === 0 && slot === 0 ? null : author.domain === null,
    author.id,
    isReply(role) && status.about !== null ? authorOf(world, group, status.about).id : null,
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
        if (isReply(status.role)) continue
        const made = new Date(status.atMs)
        yield [conversationOf(status), made, made, ...(rooted ? [status.id, status.author.id] : [])]
      }
    })(),
  }
}
