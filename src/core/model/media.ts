/**
 * The kinds of media a Mastodon server stores, as one table.
 *
 * Everything the program knows about a kind that differs from another kind stands here: which table and columns
 * hold it, where its files lie, which variants exist, what makes a row remote, and whether its file can be fetched
 * again. Source: Mastodon `config/initializers/paperclip.rb`, `app/models/concerns/account/{avatar,header}.rb`,
 * `app/models/{media_attachment,custom_emoji,preview_card,site_upload,backup}.rb`, 4.3 to 4.6.
 */

/** Remote kinds may be cached, lost, healed and let go; `site-upload` and `backup` are counted and never touched. */
export type Kind =
  | 'avatar'
  | 'header'
  | 'attachment'
  | 'thumbnail'
  | 'emoji'
  | 'card'
  | 'site-upload'
  | 'backup'

/**
 * How a file name is turned into the name of one variant: `same` keeps it, `png` replaces its extension.
 * Source: kt-paperclip `style` format and `Interpolations.extension`.
 */
export type VariantName = 'same' | 'png'

/** One variant a record claims: the style folder and the naming rule. */
export interface Variant {
  readonly style: string
  readonly name: VariantName
}

/** How a lost file of this kind can come back. */
export type Refetch =
  /** from the URL stored in the row */
  | 'stored-url'
  /** Mastodon's own `/media_proxy` fetches it when the row names nothing; the URL is stored too */
  | 'media-proxy'
  /** only by reading the linked page again: no image URL is stored */
  | 'page'
  /** the file exists nowhere else */
  | 'never'

/** One line of the table of kinds. */
export interface KindTraits {
  readonly kind: Kind
  /** The word for many of them: command line, JSON and docs. */
  readonly plural: string
  /** Table that holds the rows. */
  readonly table: string
  /** Column prefix: `avatar` gives `avatar_file_name` and its siblings. */
  readonly columns: string
  /** `class/attachment`, the two path segments after the optional `cache/`. */
  readonly folder: string
  /** Where the owner's domain comes from: the row's account, the row itself, or nobody's. */
  readonly owner: 'account' | 'row' | 'none'
  /** True if a remote record's files lie under `cache/` once its storage version is 1. */
  readonly cached: boolean
  /** Never an orphan, never removed, never fetched: counted only. */
  readonly protected: boolean
  readonly refetch: Refetch
  /** Style folders that exist for this kind; a key with another style has no known shape. */
  readonly styles: readonly string[]
}

const SITE_UPLOAD_STYLES = [
  'original',
  '@1x',
  '@2x',
  ...[16, 32, 36, 48, 57, 60, 72, 76, 96, 114, 120, 144, 152, 167, 180, 192, 256, 384, 512, 1024].map(String),
] as const

/** The table of kinds, in the order in which reports show them. */
export const KINDS: Readonly<Record<Kind, KindTraits>> = {
  avatar: {
    kind: 'avatar',
    plural: 'avatars',
    table: 'accounts',
    columns: 'avatar',
    folder: 'accounts/avatars',
    owner: 'row',
    cached: true,
    protected: false,
    refetch: 'stored-url',
    styles: ['original', 'static'],
  },
  header: {
    kind: 'header',
    plural: 'headers',
    table: 'accounts',
    columns: 'header',
    folder: 'accounts/headers',
    owner: 'row',
    cached: true,
    protected: false,
    refetch: 'stored-url',
    styles: ['original', 'static'],
  },
  attachment: {
    kind: 'attachment',
    plural: 'attachments',
    table: 'media_attachments',
    columns: 'file',
    folder: 'media_attachments/files',
    owner: 'account',
    cached: true,
    protected: false,
    refetch: 'media-proxy',
    styles: ['original', 'small'],
  },
  thumbnail: {
    kind: 'thumbnail',
    plural: 'thumbnails',
    table: 'media_attachments',
    columns: 'thumbnail',
    folder: 'media_attachments/thumbnails',
    owner: 'account',
    cached: true,
    protected: false,
    refetch: 'media-proxy',
    styles: ['original'],
  },
  emoji: {
    kind: 'emoji',
    plural: 'emoji',
    table: 'custom_emojis',
    columns: 'image',
    folder: 'custom_emojis/images',
    owner: 'row',
    cached: true,
    protected: false,
    refetch: 'stored-url',
    styles: ['original', 'static'],
  },
  card: {
    kind: 'card',
    plural: 'cards',
    table: 'preview_cards',
    columns: 'image',
    folder: 'preview_cards/images',
    owner: 'none',
    cached: true,
    protected: false,
    refetch: 'page',
    styles: ['original'],
  },
  'site-upload': {
    kind: 'site-upload',
    plural: 'site-uploads',
    table: 'site_uploads',
    columns: 'file',
    folder: 'site_uploads/files',
    owner: 'none',
    cached: false,
    protected: true,
    refetch: 'never',
    styles: SITE_UPLOAD_STYLES,
  },
  backup: {
    kind: 'backup',
    plural: 'backups',
    table: 'backups',
    columns: 'dump',
    folder: 'backups/dumps',
    owner: 'none',
    cached: false,
    protected: true,
    refetch: 'never',
    styles: ['original'],
  },
}

/** Every kind, in table order. */
export const ALL_KINDS: readonly Kind[] = Object.values(KINDS).map((traits) => traits.kind)

/** Accepts `avatar` and `avatars` alike; undefined for a word that names no kind. */
export function kindNamed(word: string): Kind | undefined {
  return ALL_KINDS.find((kind) => kind === word || KINDS[kind].plural === word)
}

const ORIGINAL: Variant = { style: 'original', name: 'same' }
const STATIC: Variant = { style: 'static', name: 'png' }
const ORIGINAL_ONLY = [ORIGINAL] as const
const WITH_STATIC = [ORIGINAL, STATIC] as const
const WITH_SMALL = [ORIGINAL, { style: 'small', name: 'same' }] as const
const WITH_PNG_SMALL = [ORIGINAL, { style: 'small', name: 'png' }] as const

/**
 * The variants Mastodon writes for a stored file, `original` first, styles in byte order.
 * Depends on the *stored* content type only; NULL leaves `original` alone (docs/mastodon.md#styles).
 * Site uploads have more styles that depend on `site_uploads.var`; they are protected, so only their original is expected.
 */
export function variantsOf(kind: Kind, contentType: string | null): readonly Variant[] {
  switch (kind) {
    case 'avatar':
    case 'header':
      return contentType === 'image/gif' ? WITH_STATIC : ORIGINAL_ONLY
    case 'emoji':
      return WITH_STATIC
    case 'attachment':
      return attachmentVariants(contentType)
    case 'thumbnail':
    case 'card':
    case 'site-upload':
    case 'backup':
      return ORIGINAL_ONLY
  }
}

function attachmentVariants(contentType: string | null): readonly Variant[] {
  if (contentType === null) return ORIGINAL_ONLY
  if (contentType === 'image/gif' || contentType.startsWith('video/')) return WITH_PNG_SMALL
  if (contentType.startsWith('image/')) return WITH_SMALL
  return ORIGINAL_ONLY
}
