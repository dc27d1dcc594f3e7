/** Is this a media folder? Asked once, before anything else. */
import { access, constants, readdir, stat } from 'node:fs/promises'
import { isAbsolute, normalize } from 'node:path'
import { KnownError } from '../../../core/errors.ts'
import type { CallOptions } from '../../../core/ports/storage.ts'
import { phraseOf } from './failure.ts'

/** The folders Paperclip makes at the root: one per class with attachments, and `cache` for remote ones. */
const CLASS_FOLDERS: ReadonlySet<string> = new Set([
  'accounts',
  'backups',
  'cache',
  'custom_emojis',
  'imports',
  'media_attachments',
  'preview_card_providers',
  'preview_cards',
  'site_uploads',
])

const SET_ROOT = 'set PAPERCLIP_ROOT_PATH to the folder that holds accounts, cache and media_attachments'

/** The path without a trailing slash. Throws a KnownError if it is not absolute or is `/` itself. */
export function refuseBadRoot(path: string): string {
  if (!isAbsolute(path)) {
    throw new KnownError({
      code: 'storage-root',
      what: `The media folder ${JSON.stringify(path)} is not an absolute path`,
      remedy: `In Mastodon's settings, ${SET_ROOT}, beginning with /`,
      category: 'usage',
    })
  }
  const root = normalize(path).replace(/\/+$/, '')
  if (root !== '') return root
  throw new KnownError({
    code: 'storage-root',
    what: "/ is the whole file system, not Mastodon's media folder",
    remedy: `In Mastodon's settings, ${SET_ROOT}`,
    category: 'usage',
  })
}

/** Throws a KnownError if the folder is absent, no folder, unreadable, empty, or has none of Mastodon's folders. */
export async function checkFolder(root: string, { signal }: CallOptions): Promise<void> {
  signal?.throwIfAborted()
  let names
  try {
    if (!(await stat(root)).isDirectory()) throw refusal(`${root} is not a folder`, SET_ROOT)
    await access(root, constants.R_OK | constants.X_OK)
    names = await readdir(root)
  } catch (error) {
    if (error instanceof KnownError) throw error
    throw unreadableRoot(root, error)
  }
  if (names.length === 0)
    throw refusal(
      `${root} is empty, so it is not Mastodon's media folder`,
      `Check that its disk is mounted, or ${SET_ROOT}`,
    )
  if (names.some((name) => CLASS_FOLDERS.has(name))) return
  throw refusal(
    `${root} is not Mastodon's media folder: it holds none of accounts, cache, media_attachments and their like`,
    `In Mastodon's settings, ${SET_ROOT}`,
  )
}

function unreadableRoot(root: string, error: unknown): KnownError {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT')
    return refusal(
      `The media folder ${root} does not exist`,
      `Check that its disk is mounted, or ${SET_ROOT}`,
      error,
    )
  return refusal(
    `The media folder ${root} cannot be read: ${phraseOf(error)}`,
    'Run Cornac as the user that owns it, usually mastodon',
    error,
  )
}

function refusal(what: string, remedy: string, cause?: unknown): KnownError {
  const sentence = remedy[0]!.toUpperCase() + remedy.slice(1)
  return new KnownError({ code: 'storage-root', what, remedy: sentence, category: 'usage', cause })
}
