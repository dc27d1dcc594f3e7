/** The remote accounts of a lab instance, each a function of its number; local ones are in `local-accounts.ts`. */
import { Dice, subjectOf } from './dice.ts'
import { domainRank, TOLD_DOMAINS } from './domains.ts'
import { peculiarityOf, type Peculiarity } from './peculiar-accounts.ts'
import { snowflake } from './snowflake.ts'
import { cleared, extensionFor, humanName, NO_FILE, type StoredFile } from './stored-file.ts'
import { DAY_MS, HOUR_MS, type PictureOwner, type World } from './world.ts'

/** One row of `accounts`. */
export interface LabAccount {
  readonly id: string
  readonly username: string
  /** Null for a local account. */
  readonly domain: string | null
  readonly uri: string
  /** When this server first saw it. */
  readonly arrivedAtMs: number
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly webfingeredAtMs: number | null
  readonly avatar: StoredFile
  readonly header: StoredFile
  readonly suspendedAtMs: number | null
  /** 0 here, 1 at its origin. */
  readonly suspensionOrigin: 0 | 1 | null
  readonly silencedAtMs: number | null
  readonly sensitizedAtMs: number | null
  readonly memorial: boolean
  readonly movedTo: string | null
  readonly actorType: string
  /** 0 OStatus, 1 ActivityPub. */
  readonly protocol: 0 | 1
}

const REMOTE = subjectOf('remote account')
/** How long the instance has been running on snowflake ids. */
export const YEARS_MS = 6 * 365 * DAY_MS

/** The id of the remote account with that number, without making the rest of it. */
function remoteAccountId(world: World, index: number): string {
  const peculiar = peculiarityOf(index)
  if (peculiar?.id !== undefined) return peculiar.id
  if (index < oldAccounts(world)) return String(100 + index * 3)
  return snowflake(arrivedAt(world, index), Math.imul(index, 40_503))
}

/** When the remote account with that number arrived. Grows with the number; accounts with small ids came first. */
function arrivedAt(world: World, index: number): number {
  const old = oldAccounts(world)
  const start = world.nowMs - YEARS_MS
  if (index < old) return start - (old - index) * HOUR_MS
  const step = (YEARS_MS - DAY_MS / 2) / Math.max(1, world.remoteAccounts - old)
  return Math.floor(start + (index - old) * step)
}

/** How many remote accounts are older than snowflake ids. */
function oldAccounts(world: World): number {
  return Math.min(world.remoteAccounts, Math.max(20, Math.min(5000, Math.floor(world.remoteAccounts / 50))))
}

/** The remote account with that number. */
export function remoteAccount(world: World, index: number): LabAccount {
  const dice = new Dice(world.seed, REMOTE, index)
  const peculiar = peculiarityOf(index)
  const id = remoteAccountId(world, index)
  const rank = domainRank(dice, world.domains.length)
  const domain = world.domains[peculiar === undefined ? rank : index % 5] ?? ''
  const username = peculiar?.username ?? `${dice.pick(NAMES)}${index}`
  const owner: PictureOwner = { id, username, domain }
  const arrivedAtMs = arrivedAt(world, index)
  const agedMs = Math.max(2 * HOUR_MS, world.nowMs - arrivedAtMs)
  const updatedAtMs = Math.floor(world.nowMs - dice.spread(HOUR_MS, agedMs))
  const webfingered = Math.floor(world.nowMs - dice.spread(HOUR_MS, agedMs))
  const unnamed = dice.chance(0.03)
  const files = filesOf(world, index, owner, arrivedAtMs, updatedAtMs, dice, peculiar)
  return {
    ...owner,
    uri: world.actorUrl(owner),
    arrivedAtMs,
    createdAtMs: Math.floor((arrivedAtMs - dice.below(1500) * DAY_MS) / DAY_MS) * DAY_MS,
    updatedAtMs,
    webfingeredAtMs: unnamed ? null : webfingered,
    ...standing(world, index, domain, dice),
    actorType: dice.chance(0.04) ? 'Service' : 'Person',
    protocol: 1,
    ...files,
    ...peculiar?.traits,
    ...(peculiar?.suspended === undefined
      ? {}
      : { suspendedAtMs: world.nowMs - 9 * DAY_MS, suspensionOrigin: peculiar.suspended }),
    ...(peculiar?.silenced === true ? { silencedAtMs: world.nowMs - 20 * DAY_MS } : {}),
    ...(peculiar?.movedToIndex === undefined || peculiar.movedToIndex >= world.remoteAccounts
      ? {}
      : { movedTo: remoteAccountId(world, peculiar.movedToIndex) }),
  }
}

type Standing = Pick<
  LabAccount,
  'suspendedAtMs' | 'suspensionOrigin' | 'silencedAtMs' | 'sensitizedAtMs' | 'memorial' | 'movedTo'
>

/** Suspended one in a hundred, and everybody below a suspended domain. */
function standing(world: World, index: number, domain: string, dice: Dice): Standing {
  const roll = dice.fraction()
  const whenMs = Math.floor(world.nowMs - dice.spread(DAY_MS, 300 * DAY_MS))
  const suspended = roll < 0.01 || isSuspendedDomain(domain)
  return {
    suspendedAtMs: suspended ? whenMs : null,
    suspensionOrigin: suspended ? (roll < 0.004 ? 1 : 0) : null,
    silencedAtMs: roll > 0.01 && roll < 0.02 ? whenMs : null,
    sensitizedAtMs: roll > 0.02 && roll < 0.023 ? whenMs : null,
    memorial: roll > 0.023 && roll < 0.025,
    movedTo:
      roll > 0.025 && roll < 0.03 && index > 0
        ? remoteAccountId(world, dice.below(Math.min(index, world.remoteAccounts)))
        : null,
  }
}

/** Suspended by a domain block, and without a more specific line that pardons it. */
export function isSuspendedDomain(domain: string | null): boolean {
  return domain === TOLD_DOMAINS.blocked || domain === TOLD_DOMAINS.inherits
}

/** Media rejected by a domain block; its files were cleared when the block was made. */
export function isMediaRejected(domain: string | null): boolean {
  return domain === TOLD_DOMAINS.noMedia || domain === TOLD_DOMAINS.noMediaChild
}

function filesOf(
  world: World,
  index: number,
  owner: PictureOwner,
  arrivedAtMs: number,
  updatedAtMs: number,
  dice: Dice,
  peculiar: Peculiarity | undefined,
): Pick<LabAccount, 'avatar' | 'header'> {
  const old = index < oldAccounts(world)
  const make = (which: 'avatar' | 'header', never: number): StoredFile => {
    const file = fileOf(world, owner, which, old, arrivedAtMs, updatedAtMs, dice)
    const unset = dice.chance(never) && peculiar === undefined
    return unset ? { ...NO_FILE, remoteUrl: which === 'header' || dice.chance(0.2) ? '' : null } : file
  }
  const avatar = make('avatar', 0.04)
  const header = make('header', 0.2)
  if (peculiar?.files !== undefined) return peculiar.files({ avatar, header }, world.pictures)
  const prunedBefore = dice.chance(world.prunedShare) && updatedAtMs < world.nowMs - 30 * DAY_MS
  const gone = prunedBefore || isMediaRejected(owner.domain) || isSuspendedDomain(owner.domain)
  return gone && peculiar === undefined
    ? { avatar: cleared(avatar), header: cleared(header) }
    : { avatar, header }
}

/** A stored avatar or header of a remote account. */
function fileOf(
  world: World,
  owner: PictureOwner,
  which: 'avatar' | 'header',
  old: boolean,
  arrivedAtMs: number,
  updatedAtMs: number,
  dice: Dice,
): StoredFile {
  const type = profileType(dice)
  const extension = extensionFor(type, dice)
  const legacy = dice.chance(old ? 0.4 : 0.004)
  const hex = dice.hex16()
  const picture = world.pictures.take(which, type, dice.next())
  const name = legacy && dice.chance(0.5) ? humanName(extension, dice) : `${hex}.${extension}`
  return {
    fileName: name,
    contentType: type,
    bytes: picture.original.length,
    assignedAtMs: Math.floor(arrivedAtMs + dice.fraction() * (updatedAtMs - arrivedAtMs)),
    version: legacy ? (dice.chance(0.5) ? 0 : null) : 1,
    remoteUrl:
      which === 'avatar' && dice.chance(0.004) ? null : world.pictureUrl(owner, which, extension, owner.id),
    picture,
  }
}

function profileType(dice: Dice): string {
  const roll = dice.fraction()
  return roll < 0.5 ? 'image/jpeg' : roll < 0.84 ? 'image/png' : roll < 0.96 ? 'image/webp' : 'image/gif'
}

const NAMES = [
  'ada',
  'bert',
  'cleo',
  'dora',
  'emil',
  'fay',
  'gus',
  'hana',
  'ida',
  'jon',
  'kira',
  'leo',
  'mia',
  'nils',
]
