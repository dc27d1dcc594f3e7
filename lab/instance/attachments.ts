/** Statuses come in groups of six, with four attachments; this file makes the attachments. */
import type { LabAccount } from './accounts.ts'
import { isMediaRejected, isSuspendedDomain } from './accounts.ts'
import type { RowFile } from './claims.ts'
import { Dice, subjectOf } from './dice.ts'
import { snowflake } from './snowflake.ts'
import { authorOf, isSoftDeleted, statusAt, statusId } from './status-groups.ts'
import { cleared, extensionFor, humanName, NO_FILE, type StoredFile } from './stored-file.ts'
import { DAY_MS, HOUR_MS, since, type World } from './world.ts'

/** One row of `media_attachments`. */
export interface LabAttachment {
  readonly id: string
  readonly statusId: string | null
  readonly accountId: string | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly remoteUrl: string
  /** `media_attachments.type`. */
  readonly type: number
  readonly file: StoredFile
  readonly thumbnail: StoredFile
  /** Both as records. */
  readonly files: readonly RowFile[]
}

/** `media_attachments.type`. Source: Mastodon `app/models/media_attachment.rb`. */
const TYPES = { image: 0, gifv: 1, video: 2, unknown: 3, audio: 4 } as const
const SUBJECT = subjectOf('attachment')

/** The slot within its group of the status an attachment belongs to: the first status has two. */
const SLOTS = [0, 0, 1, 2] as const

/** Every attachment, in the order of ids. */
export function* allAttachments(world: World): Generator<LabAttachment> {
  for (let number = 0; number < world.groups * 4; number++) yield attachment(world, number)
}

/** The id of the attachment with that number. */
export function attachmentId(world: World, number: number): string {
  return snowflake(arrivalOf(world, number), Math.imul(number, 30_011))
}

/** Seconds after its status. */
function arrivalOf(world: World, number: number): number {
  const group = Math.floor(number / 4)
  return statusAt(world, group, SLOTS[number % 4] ?? 0) + 100 + (number % 4)
}

/** The attachment with that number. */
function attachment(world: World, number: number): LabAttachment {
  const dice = new Dice(world.seed, SUBJECT, number)
  const group = Math.floor(number / 4)
  const slot = SLOTS[number % 4] ?? 0
  const author = authorOf(world, group, slot)
  const id = attachmentId(world, number)
  const arrivedAtMs = arrivalOf(world, number)
  const remote = author.domain !== null && !dice.chance(0.005)
  const unattached = dice.chance(0.02)
  const ownerless = remote && dice.chance(0.003)
  const fetchedAgain = remote && dice.chance(0.05)
  const createdAtMs = fetchedAgain ? between(dice, arrivedAtMs, world.nowMs - HOUR_MS) : arrivedAtMs
  const media = mediaOf(world, id, author, remote, createdAtMs, dice, number)
  const shared = {
    id,
    remote,
    domain: remote && !ownerless ? author.domain : null,
    closed:
      (author.suspendedAtMs !== null && !ownerless) || (isSoftDeleted(world, group, slot) && !unattached),
  }
  return {
    id,
    statusId: unattached ? null : statusId(world, group, slot),
    accountId: ownerless ? null : author.id,
    createdAtMs,
    updatedAtMs: createdAtMs + 5000,
    remoteUrl: media.file.remoteUrl ?? '',
    ...media,
    files: [
      { kind: 'attachment', ...shared, file: media.file },
      { kind: 'thumbnail', ...shared, file: media.thumbnail },
    ],
  }
}

function between(dice: Dice, from: number, to: number): number {
  return Math.floor(from + dice.fraction() * Math.max(0, to - from))
}

interface Sort {
  readonly type: number
  /** Null for a type Mastodon does not store. */
  readonly contentType: string | null
}

function sortOf(dice: Dice): Sort {
  const roll = dice.fraction()
  if (roll < 0.55) return { type: TYPES.image, contentType: 'image/jpeg' }
  if (roll < 0.74) return { type: TYPES.image, contentType: 'image/png' }
  if (roll < 0.82) return { type: TYPES.image, contentType: 'image/webp' }
  if (roll < 0.85) return { type: TYPES.image, contentType: 'image/gif' }
  if (roll < 0.91) return { type: TYPES.video, contentType: 'video/mp4' }
  if (roll < 0.94) return { type: TYPES.gifv, contentType: 'video/mp4' }
  if (roll < 0.98) return { type: TYPES.audio, contentType: 'audio/mpeg' }
  return { type: TYPES.unknown, contentType: null }
}

function mediaOf(
  world: World,
  id: string,
  author: LabAccount,
  remote: boolean,
  createdAtMs: number,
  dice: Dice,
  number: number,
): Pick<LabAttachment, 'type' | 'file' | 'thumbnail'> {
  const sort = sortOf(dice)
  const owner = { id: author.id, username: author.username, domain: author.domain ?? world.localDomain }
  const file = fileOf(world, id, owner, remote, sort, createdAtMs, dice)
  const thumbnail = thumbnailOf(world, id, owner, remote, sort, createdAtMs, dice)
  const vacuumed = remote && createdAtMs < world.nowMs - 30 * DAY_MS && dice.chance(0.15)
  const refused = remote && (isMediaRejected(author.domain) || isSuspendedDomain(author.domain))
  if (vacuumed || refused || sort.contentType === null) {
    return { type: sort.type, file: cleared(file), thumbnail: cleared(thumbnail) }
  }
  // One row whose content type was never written: a crash of long ago (docs/mastodon.md#styles).
  const half = number === 5 ? { contentType: null } : {}
  return { type: sort.type, file: { ...file, ...half }, thumbnail }
}

function fileOf(
  world: World,
  id: string,
  owner: Parameters<World['pictureUrl']>[0],
  remote: boolean,
  sort: Sort,
  createdAtMs: number,
  dice: Dice,
): StoredFile {
  const legacy = dice.chance(0.01)
  const contentType = sort.contentType ?? 'image/jpeg'
  const extension = sort.contentType === null ? 'pdf' : extensionFor(contentType, dice)
  const picture = world.pictures.take('attachment', contentType, dice.next())
  const hex = dice.hex16()
  return {
    fileName: legacy ? humanName(extension, dice) : `${hex}.${extension}`,
    contentType,
    bytes: picture.original.length,
    assignedAtMs: createdAtMs,
    version: legacy ? null : 1,
    remoteUrl: remote ? world.pictureUrl(owner, 'attachment', extension, id) : '',
    picture,
  }
}

/** Videos mostly have one, sound sometimes; pictures never. Up to 4.5 no column tells where it lies, so it is unprefixed. */
function thumbnailOf(
  world: World,
  id: string,
  owner: Parameters<World['pictureUrl']>[0],
  remote: boolean,
  sort: Sort,
  createdAtMs: number,
  dice: Dice,
): StoredFile {
  const share = sort.type === TYPES.video ? 0.7 : sort.type === TYPES.audio ? 0.5 : 0
  const has = dice.chance(share)
  const storedBefore46 = dice.chance(0.4)
  if (!has) return NO_FILE
  const contentType = dice.chance(0.5) ? 'image/jpeg' : 'image/png'
  const extension = extensionFor(contentType, dice)
  const picture = world.pictures.take('thumbnail', contentType, dice.next())
  return {
    fileName: `${dice.hex16()}.${extension}`,
    contentType,
    bytes: picture.original.length,
    assignedAtMs: createdAtMs,
    version: since(world, '4.6') && !storedBefore46 ? 1 : null,
    remoteUrl: remote ? world.pictureUrl(owner, 'thumbnail', extension, id) : null,
    picture,
  }
}
