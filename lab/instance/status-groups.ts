/**
 * Who posts when. Statuses come in groups of six slots over the last 400 days: three with attachments, a mention, a
 * reply, and a boost or a quote; which of them a group has depends on its number. Replies, boosts and quotes are those of
 * remote posts by local users and the other way round.
 */
import { remoteAccount, type LabAccount } from './accounts.ts'
import { localAccount } from './local-accounts.ts'
import { Dice, subjectOf } from './dice.ts'
import { snowflake } from './snowflake.ts'
import { DAY_MS, HOUR_MS, since, type World } from './world.ts'

export const SLOTS_PER_GROUP = 6
const SPAN_MS = 400 * DAY_MS
const AUTHOR = subjectOf('status author')

/** What a status is, besides an ordinary remote post. */
export type StatusRole =
  | 'remote'
  | 'local'
  | 'local-reply'
  | 'local-boost'
  | 'local-quote'
  | 'mention'
  | 'direct'
  | 'remote-reply'
  | 'remote-boost'
  | 'remote-quote'

export function roleOf(world: World, group: number, slot: number): StatusRole {
  if (slot === 2 && isLocalPost(group)) return 'local'
  if (slot === 3 && group % 27 === 1) return 'direct'
  if (slot === 3 && group % 9 === 1) return 'mention'
  if (slot === 4 && group % 8 === 2) return 'local-reply'
  if (slot === 5 && group % 12 === 5) return 'local-boost'
  if (slot === 5 && group % 20 === 7 && since(world, '4.4')) return 'local-quote'
  if (slot === 4 && isLocalPost(group)) return 'remote-reply'
  if (slot === 5 && isLocalPost(group))
    return group % 20 === 13 && since(world, '4.4') ? 'remote-quote' : 'remote-boost'
  return 'remote'
}

/** Whether the third status of the group is a local one, which others answer, boost and quote. */
export function isLocalPost(group: number): boolean {
  return group % 10 === 3
}

/** Reported, deleted, and kept until the report is settled; shut from 4.4 on (docs/mastodon.md#closed-files). */
export function isSoftDeleted(world: World, group: number, slot: number): boolean {
  return slot === 0 && group % 60 === 33 && since(world, '4.4')
}

/** When it was posted; grows with group and slot. */
export function statusAt(world: World, group: number, slot: number): number {
  const step = (SPAN_MS - 2 * HOUR_MS) / Math.max(1, world.groups * SLOTS_PER_GROUP)
  return Math.floor(world.nowMs - SPAN_MS + (group * SLOTS_PER_GROUP + slot) * step)
}

export function statusId(world: World, group: number, slot: number): string {
  return snowflake(statusAt(world, group, slot), Math.imul(group * SLOTS_PER_GROUP + slot, 20_011))
}

/** Local in the roles that say so; otherwise a remote account, some far more often than others. */
export function authorOf(world: World, group: number, slot: number): LabAccount {
  const dice = new Dice(world.seed, AUTHOR, group * SLOTS_PER_GROUP + slot)
  if (roleOf(world, group, slot).startsWith('local') || world.remoteAccounts === 0) {
    return localAccount(world, dice.below(world.localUsers))
  }
  return remoteAccount(world, Math.floor(world.remoteAccounts * dice.fraction() ** 2))
}
