/** Everything a lab instance is computed from: rows and files are functions of this and of a number. */
import { generateKeyPairSync } from 'node:crypto'
import { domainsOf } from './domains.ts'
import type { PicturePool } from './pictures.ts'
import type { LabVersion } from './schema/schema.ts'

/** Which file of its owner a URL is asked for. */
export type PictureKind = 'avatar' | 'header' | 'attachment' | 'thumbnail' | 'emoji'

/** Who a URL is made for. Of an emoji the shortcode is the username, of an attachment it is its account's. */
export interface PictureOwner {
  readonly id: string
  readonly username: string
  readonly domain: string
}

/**
 * Where an origin serves a file. `extension` has no dot; `id` is the row's own id, which for attachments, thumbnails
 * and emoji is not the account's.
 */
export type PictureUrl = (owner: PictureOwner, which: PictureKind, extension: string, id: string) => string

/** Where an account's actor document is: `accounts.uri`. */
export type ActorUrl = (owner: PictureOwner) => string

/** How large an instance is and what it is made from; see `InstanceOptions` for what the numbers mean. */
export interface World {
  readonly version: LabVersion
  readonly seed: number
  /** Nothing in the instance is younger. */
  readonly nowMs: number
  readonly localDomain: string
  readonly remoteAccounts: number
  readonly localUsers: number
  readonly followsOfFirstUser: number
  /** Four attachments and six statuses each. */
  readonly groups: number
  readonly remoteEmoji: number
  readonly cards: number
  /** Share of old remote profiles that an earlier run has pruned. */
  readonly prunedShare: number
  /** Largest first. */
  readonly domains: readonly string[]
  readonly pictures: PicturePool
  readonly pictureUrl: PictureUrl
  readonly actorUrl: ActorUrl
  /** One RSA pair for the instance actor and all local users. */
  readonly keys: { readonly privateKey: string; readonly publicKey: string }
}

/** What a caller may decide; everything else follows from it. */
export interface WorldOptions {
  readonly version: LabVersion
  /** Remote accounts. Below 40 some of the peculiar ones are missing. */
  readonly accounts: number
  /** The same seed, sizes and `now` give the same rows and keys. */
  readonly seed: number
  /** Default: the last midnight, UTC, so that rows keep their keys for a day. */
  readonly now?: Date | undefined
  /** Default `lab.example`. */
  readonly localDomain?: string | undefined
  /** Local users, the first of them `alice`. Default 5. */
  readonly localUsers?: number | undefined
  /** Remote accounts the first user follows. Default a tenth of them, at most 150. */
  readonly followsOfFirstUser?: number | undefined
  /** Rows of `media_attachments`, rounded up to a multiple of four. Default as many as accounts, at most 200,000. */
  readonly attachments?: number | undefined
  /** Remote custom emoji. Default grows with the square root of the accounts. */
  readonly emoji?: number | undefined
  /** Preview cards. Default one for every four attachments, which is also the most. */
  readonly cards?: number | undefined
  /** Default 0.05. */
  readonly prunedShare?: number | undefined
  /** Default `https://<domain>/media/...`. */
  readonly pictureUrl?: PictureUrl | undefined
  /** Default `https://<domain>/users/<username>`. */
  readonly actorUrl?: ActorUrl | undefined
}

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

/** Fills in what the caller left open. */
export function worldOf(options: WorldOptions, pictures: PicturePool): World {
  const { accounts, seed } = options
  const groups = Math.ceil((options.attachments ?? Math.min(accounts, 200_000)) / 4)
  return {
    version: options.version,
    seed,
    nowMs: options.now?.getTime() ?? Math.floor(Date.now() / DAY_MS) * DAY_MS,
    localDomain: options.localDomain ?? 'lab.example',
    remoteAccounts: accounts,
    localUsers: Math.max(1, options.localUsers ?? 5),
    followsOfFirstUser: Math.min(
      accounts,
      options.followsOfFirstUser ?? Math.min(150, Math.ceil(accounts / 10)),
    ),
    groups,
    remoteEmoji: options.emoji ?? 20 + 2 * Math.floor(Math.sqrt(accounts)),
    cards: Math.min(groups, options.cards ?? groups),
    prunedShare: options.prunedShare ?? 0.05,
    domains: domainsOf(seed, accounts),
    pictures,
    pictureUrl: options.pictureUrl ?? defaultPictureUrl,
    actorUrl: options.actorUrl ?? ((owner) => `https://${owner.domain}/users/${owner.username}`),
    keys: rsaPair(),
  }
}

/** True from that version on. */
export function since(world: Pick<World, 'version'>, version: LabVersion): boolean {
  return world.version >= version
}

function defaultPictureUrl(owner: PictureOwner, which: PictureKind, extension: string, id: string): string {
  return `https://${owner.domain}/media/${which}/${id}.${extension}`
}

function rsaPair(): World['keys'] {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
}
