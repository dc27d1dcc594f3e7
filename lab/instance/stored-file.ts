/** One file as its row states it, and the bytes that lie in storage for it. */
import type { Dice } from './dice.ts'
import type { Picture } from './pictures.ts'
import { at, type Cell } from './rows/table-rows.ts'

/** The columns of one attachment of a row. A row that names nothing may still know a URL and a storage version. */
export interface StoredFile {
  readonly fileName: string | null
  readonly contentType: string | null
  /** Bytes of the original. */
  readonly bytes: number | null
  readonly assignedAtMs: number | null
  readonly version: number | null
  readonly remoteUrl: string | null
  /** Null where nothing lies in storage. */
  readonly picture: Picture | null
}

/** Names nothing and knows nothing. */
export const NO_FILE: StoredFile = {
  fileName: null,
  contentType: null,
  bytes: null,
  assignedAtMs: null,
  version: null,
  remoteUrl: null,
  picture: null,
}

/** As a row is left by prune, vacuum or a domain block: URL and storage version stay. */
export function cleared(file: StoredFile): StoredFile {
  return { ...NO_FILE, version: file.version, remoteUrl: file.remoteUrl }
}

/** `<p>_file_name`, `_content_type`, `_file_size`, `_updated_at`, in the order of `fileColumns`. */
export function fileCells(file: StoredFile): readonly Cell[] {
  return [file.fileName, file.contentType, file.bytes, at(file.assignedAtMs)]
}

export function fileColumns(prefix: string): readonly string[] {
  return ['file_name', 'content_type', 'file_size', 'updated_at'].map((column) => `${prefix}_${column}`)
}

const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  'image/jpeg': ['jpg', 'jpg', 'jpeg'],
  'image/png': ['png'],
  'image/webp': ['webp'],
  'image/gif': ['gif'],
  'video/mp4': ['mp4'],
  'audio/mpeg': ['mp3'],
}

/** An extension Mastodon keeps for that type. */
export function extensionFor(type: string, dice: Dice): string {
  return dice.pick(EXTENSIONS[type] ?? ['bin'])
}

const HUMAN_BASES = [
  'me at the sea',
  'Übersicht – neu',
  'photo+profile (2)',
  'avatar',
  '象の写真',
  '100%25',
  'DSC_0042',
]

/** A name as people gave them before Mastodon made its own: spaces, accents, plus signs, sometimes no extension. */
export function humanName(extension: string, dice: Dice): string {
  const base = dice.pick(HUMAN_BASES)
  return dice.chance(0.2) ? base : `${base}.${extension}`
}
