import { closeSync, fstatSync, openSync, readSync, constants } from 'node:fs'
import type { Unread } from '../../core/model/scheduled.ts'

/** What is longer is read to here and no further; nobody writes schedules of this size. */
export const LONGEST_FILE = 1024 * 1024

export type FileText =
  | { readonly kind: 'text'; readonly text: string; readonly cut: boolean }
  | { readonly kind: 'unread'; readonly reason: Unread['reason'] }

/** Opens without waiting, so that a pipe or a device never holds the reader up; reads plain files only. */
export function readTextFile(path: string, longest = LONGEST_FILE): FileText {
  let descriptor: number
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    return { kind: 'unread', reason: reasonOf(error) }
  }
  try {
    const { size } = fstatSync(descriptor)
    if (!fstatSync(descriptor).isFile()) return { kind: 'unread', reason: 'no-file' }
    const bytes = Buffer.allocUnsafe(Math.min(size, longest))
    let length = 0
    while (length < bytes.length) {
      const count = readSync(descriptor, bytes, length, bytes.length - length, null)
      if (count === 0) break
      length += count
    }
    return decode(bytes.subarray(0, length), size > longest)
  } catch (error) {
    return { kind: 'unread', reason: reasonOf(error) }
  } finally {
    closeSync(descriptor)
  }
}

/** A zero byte is in no text; other bytes that are no UTF-8 become replacement characters. */
export function decode(bytes: Uint8Array, cut: boolean): FileText {
  if (bytes.includes(0)) return { kind: 'unread', reason: 'binary' }
  return { kind: 'text', text: new TextDecoder().decode(bytes), cut }
}

function reasonOf(error: unknown): Unread['reason'] {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'missing'
    case 'EACCES':
    case 'EPERM':
      return 'forbidden'
    case 'EISDIR':
    case 'ENXIO':
      return 'no-file'
    default:
      return 'failed'
  }
}
