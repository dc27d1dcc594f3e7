/**
 * The lab's own statement of where Mastodon stores a file. Written without a look at `src/core/model`, so that a test
 * that compares the two compares two readings of Mastodon, not one with itself.
 * Source: kt-paperclip 7.2 `interpolations.rb`, Mastodon `config/initializers/paperclip.rb`, `app/models/concerns/attachmentable.rb`.
 */

/** The words for what a server stores; those without a word in Cornac's table of kinds are strays to it. */
export type LabKind =
  | 'avatar'
  | 'header'
  | 'attachment'
  | 'thumbnail'
  | 'emoji'
  | 'card'
  | 'site-upload'
  | 'backup'
  | 'provider-icon'
  | 'import'

/** Class and attachment folder of each. */
export const FOLDERS: Readonly<Record<LabKind, string>> = {
  avatar: 'accounts/avatars',
  header: 'accounts/headers',
  attachment: 'media_attachments/files',
  thumbnail: 'media_attachments/thumbnails',
  emoji: 'custom_emojis/images',
  card: 'preview_cards/images',
  'site-upload': 'site_uploads/files',
  backup: 'backups/dumps',
  'provider-icon': 'preview_card_providers/icons',
  import: 'imports/data',
}

/** Sizes of an app icon in pixels, each a style of its own. */
const ICON_SIZES = [36, 48, 57, 60, 72, 76, 96, 114, 120, 144, 152, 167, 180, 192, 256, 384, 512, 1024]

/** What a row says about one file, as far as its place depends on it. */
export interface Placed {
  readonly kind: LabKind
  /** Decimal digits, possibly with a minus. */
  readonly id: string
  /** What the model's `local?` denies. */
  readonly remote: boolean
  /** NULL counts as 0. */
  readonly version: number | null
  readonly fileName: string
  readonly contentType: string | null
  /** `site_uploads.var`. */
  readonly siteVar?: string | undefined
}

/** A style folder, and the extension its files get; null keeps the extension of the stored name. */
export interface Style {
  readonly name: string
  readonly extension: string | null
}

/** The styles a stored file has, `original` first. */
export function stylesOf(file: Pick<Placed, 'kind' | 'contentType' | 'siteVar'>): readonly Style[] {
  return [{ name: 'original', extension: null }, ...derivedStyles(file)]
}

function derivedStyles(file: Pick<Placed, 'kind' | 'contentType' | 'siteVar'>): readonly Style[] {
  const type = file.contentType ?? ''
  switch (file.kind) {
    case 'avatar':
    case 'header':
      return type === 'image/gif' ? [{ name: 'static', extension: 'png' }] : []
    case 'emoji':
    case 'provider-icon':
      return [{ name: 'static', extension: 'png' }]
    case 'attachment':
      if (type.startsWith('video/') || type === 'image/gif') return [{ name: 'small', extension: 'png' }]
      return type.startsWith('image/') ? [{ name: 'small', extension: null }] : []
    case 'site-upload':
      return siteStyles(file.siteVar)
    case 'thumbnail':
    case 'card':
    case 'backup':
    case 'import':
      return []
  }
}

function siteStyles(siteVar: string | undefined): readonly Style[] {
  const png = (name: string | number): Style => ({ name: String(name), extension: 'png' })
  switch (siteVar) {
    case 'thumbnail':
      return [png('@1x'), png('@2x')]
    case 'favicon':
      return [16, 32, 48].map(png)
    case 'app_icon':
      return ICON_SIZES.map(png)
    default:
      return []
  }
}

/** The key of one style of a file. */
export function keyOf(file: Placed, style: Style): string {
  return `${folderOf(file)}/${style.name}/${styledName(file.fileName, style)}`
}

/** Where all styles of a file lie, without a slash at the end. */
export function folderOf(file: Omit<Placed, 'fileName' | 'contentType'>): string {
  return `${rootOf(file)}${FOLDERS[file.kind]}/${idFolders(file.id)}`
}

/** `cache/` for remote files of the four models that know the difference, if they were stored since 3.1. */
export function rootOf(file: Pick<Placed, 'kind' | 'remote' | 'version'>): 'cache/' | '' {
  const known = !['site-upload', 'backup', 'provider-icon', 'import'].includes(file.kind)
  return known && file.remote && (file.version ?? 0) >= 1 ? 'cache/' : ''
}

/**
 * Paperclip's `id_partition`: `format('%09d')` below a thousand million, `%012d` from there, then every complete
 * group of three digits from the left. The sign is padded like a digit and never part of a group.
 */
export function idFolders(id: string): string {
  const number = BigInt(id)
  const width = number < 1_000_000_000n ? 9 : 12
  const padded = number < 0n ? `-${(-number).toString().padStart(width - 1, '0')}` : id.padStart(width, '0')
  return (padded.match(/\d{3}/g) ?? []).join('/')
}

/** Ruby’s `File.basename(name, ".*")`: cut at the last dot, unless the name begins with it. */
function styledName(fileName: string, style: Style): string {
  if (style.extension === null) return fileName
  const dot = fileName.lastIndexOf('.')
  const base = dot > 0 ? fileName.slice(0, dot) : fileName
  return `${base}.${style.extension}`
}
