/** Custom emoji: a dozen of our own, the rest of other servers. */
import type { RowFile } from './claims.ts'
import { Dice, subjectOf } from './dice.ts'
import { domainRank } from './domains.ts'
import { extensionFor } from './stored-file.ts'
import { DAY_MS, type World } from './world.ts'

export interface LabEmoji extends RowFile {
  readonly shortcode: string
  readonly createdAtMs: number
}

const SUBJECT = subjectOf('emoji')
export const LOCAL_EMOJI = 12

/** Every emoji, by id: local ones first. */
export function* allEmoji(world: World): Generator<LabEmoji> {
  for (let index = 0; index < LOCAL_EMOJI + world.remoteEmoji; index++) yield emoji(world, index)
}

function emoji(world: World, index: number): LabEmoji {
  const dice = new Dice(world.seed, SUBJECT, index)
  const remote = index >= LOCAL_EMOJI
  const id = String(index + 1)
  const shortcode = `${dice.pick(['blob', 'cat', 'party', 'verified', 'heart', 'bird'])}_${index}`
  const domain = remote ? (world.domains[domainRank(dice, world.domains.length)] ?? null) : null
  const roll = dice.fraction()
  const contentType = roll < 0.7 ? 'image/png' : roll < 0.9 ? 'image/gif' : 'image/webp'
  const extension = extensionFor(contentType, dice)
  const createdAtMs = world.nowMs - (2 + dice.below(900)) * DAY_MS
  const picture = world.pictures.take('emoji', contentType, dice.next())
  return {
    kind: 'emoji',
    id,
    remote,
    domain,
    closed: false,
    shortcode,
    createdAtMs,
    file: {
      fileName: `${dice.hex16()}.${extension}`,
      contentType,
      bytes: picture.original.length,
      assignedAtMs: createdAtMs,
      version: dice.chance(0.05) ? null : 1,
      remoteUrl:
        domain === null
          ? null
          : world.pictureUrl({ id, username: shortcode, domain }, 'emoji', extension, id),
      picture,
    },
  }
}
