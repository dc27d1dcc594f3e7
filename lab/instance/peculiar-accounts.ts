/** The first remote accounts of every lab instance: each has one oddity seen in the field and is named after it. */
import type { PicturePool } from './pictures.ts'
import { cleared, NO_FILE, type StoredFile } from './stored-file.ts'

interface Files {
  readonly avatar: StoredFile
  readonly header: StoredFile
}

/** What differs from an ordinary account. */
export interface Peculiarity {
  readonly username: string
  readonly id?: string
  readonly files?: (files: Files, pictures: PicturePool) => Files
  /** Suspended nine days ago, here (0) or at its origin (1). */
  readonly suspended?: 0 | 1
  readonly silenced?: boolean
  readonly movedToIndex?: number
  readonly traits?: {
    readonly memorial?: boolean
    readonly webfingeredAtMs?: null
    readonly actorType?: string
    readonly protocol?: 0
  }
}

/** The oddity of the remote account with that number; undefined for an ordinary one. */
export function peculiarityOf(index: number): Peculiarity | undefined {
  return PECULIARITIES[index]
}

/** A legacy name at the legacy place. */
function named(fileName: string, version: 0 | null): (files: Files) => Files {
  return ({ avatar, header }) => ({ avatar: { ...avatar, fileName, version }, header })
}

/** Both at the place they have had since Mastodon 3.1, so that neighbours share a folder. */
function underCache({ avatar, header }: Files): Files {
  return { avatar: { ...avatar, version: 1 }, header: { ...header, version: 1 } }
}

/** Both pictures move: each has a still beside it. */
function moving({ avatar, header }: Files, pictures: PicturePool): Files {
  const gif = (file: StoredFile, use: 'avatar' | 'header'): StoredFile => {
    const picture = pictures.take(use, 'image/gif', 1)
    const fileName = `${(file.fileName ?? '').slice(0, 16).padEnd(16, '0')}.gif`
    return {
      ...file,
      fileName,
      contentType: 'image/gif',
      bytes: picture.original.length,
      version: 1,
      picture,
    }
  }
  return { avatar: gif(avatar, 'avatar'), header: gif(header, 'header') }
}

const PECULIARITIES: readonly Peculiarity[] = [
  { username: 'thirteen_digits', id: '1234567890123', files: underCache },
  { username: 'thirteen_digits_same_folder', id: '1234567890124', files: underCache },
  { username: 'fourteen_digits_same_folder', id: '12345678901234', files: underCache },
  { username: 'sixteen_digits', id: '1234567890123456', files: underCache },
  { username: 'seventeen_digits_same_folder', id: '12345678901234567', files: underCache },
  { username: 'name_with_spaces', files: named('me at the sea.jpg', null) },
  { username: 'name_beyond_ascii', files: named('Ærø – 象\u{1f418}.png', 0) },
  { username: 'name_without_extension', files: named('avatar', null) },
  { username: 'name_with_signs', files: named('a+b (1) [x] & ?.jpg', null) },
  { username: 'name_with_percent', files: named('100%25 me.jpeg', 0) },
  {
    username: 'avatar_url_null',
    files: ({ avatar, header }) => ({ avatar: { ...avatar, remoteUrl: null }, header }),
  },
  {
    username: 'avatar_url_empty',
    files: ({ header }) => ({ avatar: { ...NO_FILE, version: 1, remoteUrl: '' }, header }),
  },
  { username: 'moving_pictures', files: moving },
  {
    username: 'type_never_written',
    files: (files, pictures) => {
      const { avatar, header } = moving(files, pictures)
      return { avatar: { ...avatar, contentType: null }, header }
    },
  },
  { username: 'suspended_here', suspended: 0 },
  { username: 'suspended_at_origin', suspended: 1 },
  { username: 'silenced', silenced: true },
  { username: 'memorial', traits: { memorial: true } },
  { username: 'moved', movedToIndex: 19 },
  { username: 'moved_to' },
  {
    username: 'pruned',
    files: ({ avatar, header }) => ({ avatar: cleared(avatar), header: cleared(header) }),
  },
  {
    username: 'file_name_empty',
    files: ({ avatar, header }) => ({ avatar: { ...cleared(avatar), fileName: '' }, header }),
  },
  {
    username: 'suspended_and_cleared',
    suspended: 0,
    files: ({ avatar, header }) => ({ avatar: cleared(avatar), header: cleared(header) }),
  },
  {
    username: 'header_never_set',
    files: ({ avatar }) => ({ avatar, header: { ...NO_FILE, remoteUrl: '' } }),
  },
  { username: 'group', traits: { actorType: 'Group' } },
  { username: 'bot', traits: { actorType: 'Service' } },
  { username: 'never_webfingered', traits: { webfingeredAtMs: null } },
  { username: 'ostatus', traits: { protocol: 0 } },
]
