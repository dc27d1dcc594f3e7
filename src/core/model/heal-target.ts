/** One record as heal sees it: what the row claims, whose it is, and where else its picture may be asked for. */
import type { MediaRecord } from './record.ts'

/** The remote account a picture belongs to. */
export interface Owner {
  readonly id: string
  readonly username: string
  /** Lower case, punycode as stored. */
  readonly domain: string
  /** `accounts.uri`: where its actor document is; null if the row does not know. */
  readonly uri: string | null
}

export interface HealTarget {
  /** Its kind is one of avatar, header, attachment, thumbnail, emoji and card. */
  readonly record: MediaRecord
  /** For people: `user@domain`, `:shortcode:@domain`, or the page of a card. */
  readonly label: string
  /** Of avatars and headers, and of attachments whose account is known; null for emoji and cards. */
  readonly owner: Owner | null
  /** `preview_cards.url`: the page whose image it was; null for other kinds. */
  readonly page: string | null
  /** `custom_emojis.shortcode`; null for other kinds. */
  readonly shortcode: string | null
  /** `media_attachments.type` by name; null for other kinds. */
  readonly mediaType: 'image' | 'gifv' | 'video' | 'unknown' | 'audio' | null
}

/** Whose pictures are healed. */
export type HealScope =
  /** Everybody one local account follows */
  | { readonly by: 'follows-of'; readonly accountId: string }
  /** Everybody some local account follows */
  | { readonly by: 'followed' }
  /** Everybody who follows some local account */
  | { readonly by: 'followers' }
  /**
   * Everybody with whom a local account had to do: mentioned, boosted, favourited, bookmarked or answered in either
   * direction, or who appears in a notification here
   */
  | { readonly by: 'interacted' }
  | { readonly by: 'accounts'; readonly ids: readonly string[] }
  /** The domain exactly as stored in lower case; with `subdomains` those below it too */
  | { readonly by: 'domain'; readonly domain: string; readonly subdomains: boolean }
  | { readonly by: 'all' }

/** The words of `--kinds`; attachments stand for thumbnails too. */
export type HealKind = 'avatar' | 'header' | 'attachment' | 'emoji' | 'card'

/** The two pictures an account row holds. */
export type PictureKind = 'avatar' | 'header'
