/** Preview cards: always remote to Mastodon, without an owner, and without a URL for their picture. */
import type { RowFile } from './claims.ts'
import { Dice, subjectOf } from './dice.ts'
import { statusAt } from './status-groups.ts'
import { cleared, extensionFor, humanName, NO_FILE } from './stored-file.ts'
import { DAY_MS, type World } from './world.ts'

export interface LabCard extends RowFile {
  readonly url: string
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

const SUBJECT = subjectOf('card')

/** Every card, by id. The card of that number belongs to the fourth status of the group of that number. */
export function* allCards(world: World): Generator<LabCard> {
  for (let index = 0; index < world.cards; index++) yield card(world, index)
}

function card(world: World, index: number): LabCard {
  const dice = new Dice(world.seed, SUBJECT, index)
  const createdAtMs = statusAt(world, index, 3) + 30_000
  const updatedAtMs = Math.floor(
    createdAtMs + dice.fraction() * Math.max(0, world.nowMs - createdAtMs - 60_000),
  )
  const roll = dice.fraction()
  const contentType = roll < 0.75 ? 'image/jpeg' : roll < 0.92 ? 'image/png' : 'image/gif'
  const legacy = dice.chance(0.02)
  const extension = extensionFor(contentType, dice)
  const picture = world.pictures.take('card', contentType, dice.next())
  const hex = dice.hex16()
  const stored = {
    fileName: legacy ? humanName(extension, dice) : `${hex}.${extension}`,
    contentType,
    bytes: picture.original.length,
    assignedAtMs: updatedAtMs,
    version: legacy ? null : 1,
    remoteUrl: null,
    picture,
  }
  const without = dice.chance(0.15)
  const vacuumed = dice.chance(0.1) && updatedAtMs < world.nowMs - 30 * DAY_MS
  return {
    kind: 'card',
    id: String(index + 1),
    remote: true,
    domain: null,
    closed: false,
    url: `https://news.example/stories/${index + 1}`,
    createdAtMs,
    updatedAtMs,
    file: without ? NO_FILE : vacuumed ? cleared(stored) : stored,
  }
}
