/** Names as an S3 listing writes them, and the error for a listing that cannot be true. */
import { SourceDisagreement } from '../../../core/errors.ts'
import type { S3Connection } from './connection.ts'

/** Amazon writes a space as `+`, RGW and Swift as `%20`; a plus is `%2B` with all of them. */
export function decodeName(text: string, broken: (what: string) => Error): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw broken(`lists an object whose name is not valid UTF-8: ${text}`)
  }
}

/** The store breaks its word; `what` completes its name. */
export function disagreement({ description }: S3Connection, what: string): SourceDisagreement {
  return new SourceDisagreement({
    code: 'listing-disagrees',
    what: `${description} ${what}`,
    remedy:
      'Nothing was decided from this listing; a store that lists like this cannot be scanned, please report which one it is',
  })
}

/** What every key between the two ends must start with; never ends within a surrogate pair. */
export function commonStart(after: string, through: string | null): string {
  if (through === null) return ''
  let length = 0
  while (length < after.length && after[length] === through[length]) length++
  const common = after.slice(0, length)
  return common.isWellFormed() ? common : common.slice(0, -1)
}
