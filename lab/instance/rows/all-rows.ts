import { since, type World } from '../world.ts'
import { accountRows, accountStatRows, keypairRows } from './account-rows.ts'
import { attachmentRows, cardRows, emojiRows, protectedRows } from './media-rows.ts'
import { moderationRows, settingRows } from './moderation-rows.ts'
import { bondRows, followRows, roleRows, userRows } from './people-rows.ts'
import { signalRows } from './signal-rows.ts'
import { conversationRows, statusRows } from './status-rows.ts'
import type { TableRows } from './table-rows.ts'

/** Everything that is loaded, one table after another; no order is needed, as foreign keys come last. */
export function* allRows(world: World): Generator<TableRows> {
  yield accountRows(world)
  yield accountStatRows(world)
  if (since(world, '4.6')) yield keypairRows(world)
  yield roleRows(world)
  yield userRows(world)
  yield followRows(world)
  yield* bondRows(world)
  yield* moderationRows(world)
  yield settingRows(world)
  yield statusRows(world)
  yield conversationRows(world)
  yield* signalRows(world)
  yield attachmentRows(world)
  yield* emojiRows(world)
  yield* cardRows(world)
  yield* protectedRows(world)
}
