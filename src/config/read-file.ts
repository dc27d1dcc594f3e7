import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'

/** The text of a settings file, or why there is none. Sentences without a full stop. */
export type FileRead =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly what: string; readonly remedy: string }

/** Never throws: why a file cannot be read is a value, with what to do. */
export async function readSettingsFile(path: string): Promise<FileRead> {
  try {
    const bytes = await readFile(path)
    if (bytes.includes(0)) {
      const remedy = 'Save it as plain text in UTF-8'
      return { kind: 'unreadable', what: 'This is not a text file in UTF-8', remedy }
    }
    return { kind: 'text', text: bytes.toString('utf8') }
  } catch (error) {
    return refusal((error as NodeJS.ErrnoException).code ?? 'unknown error')
  }
}

function refusal(code: string): FileRead {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { kind: 'absent' }
    case 'EISDIR':
      return { kind: 'unreadable', what: 'This is a folder, not a file', remedy: 'Name the file inside it' }
    case 'EACCES':
    case 'EPERM':
      return {
        kind: 'unreadable',
        what: `The user ${userName()} may not read this file`,
        remedy: 'Run cornac as the user of Mastodon, such as sudo -u mastodon cornac …',
      }
    default:
      return {
        kind: 'unreadable',
        what: `The file cannot be read (${code})`,
        remedy: 'Check the disk and the path',
      }
  }
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
