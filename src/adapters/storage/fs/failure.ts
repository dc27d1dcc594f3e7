/** Failures of a file system in words. */
import { KnownError } from '../../../core/errors.ts'

const PHRASES: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is mounted read-only',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk reports a read or write error',
  ESTALE: 'the network file system lost track of the folder',
  ENOTCONN: 'the network file system is not connected',
  EISDIR: 'a folder has this name',
  EEXIST: 'a file stands where a folder is needed',
  ENOTDIR: 'a file stands where a folder is needed',
  ENAMETOOLONG: 'the name is too long for this file system',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
  ELOOP: 'links lead in a circle',
  ENOENT: 'no such file or folder',
}

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: 'Run Cornac as the user that owns the media folder, usually mastodon',
  EPERM: 'Run Cornac as the user that owns the media folder, usually mastodon',
  EROFS: 'Mount it writable, or use a verb that only reads',
  ENOSPC: 'Free some space, then run again',
  EDQUOT: 'Raise the quota or free some space, then run again',
  EMFILE: 'Raise the limit of open files (ulimit -n), then run again',
}

/** One short phrase for an errno code. */
export function phraseOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return PHRASES[code ?? ''] ?? message
}

/** A KnownError (`storage-failed`) for a failure that ends the work; says which path failed. */
export function fileSystemFailure(
  error: { readonly code?: string | undefined; readonly message: string; readonly path?: string | undefined },
  root: string,
): KnownError {
  return new KnownError({
    code: 'storage-failed',
    what: `The media folder ${root} failed at ${error.path ?? root}: ${phraseOf(error)}`,
    remedy: REMEDIES[error.code ?? ''] ?? 'Check the disk and its mount, then run again',
    cause: error,
  })
}

/** A name too long for the file system cannot be there. */
export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG'
}
