/** What came of asking the store to remove or copy one thing, before it is decided whether to ask again. */
import {
  isBadCertificate,
  isFinal,
  isPassing,
  isTimeout,
  isTorn,
  isUnreachable,
  phraseOf,
  refusalOf,
  type S3Refusal,
} from './failure.ts'

/** One object, one version of it, one unfinished upload, or one copy. */
export interface StoreTarget {
  readonly key: string
  /** Of the version or the upload, or the key of the copy; null is the object as everybody sees it. */
  readonly id: string | null
}

export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** The same request may succeed later. */
  | { readonly kind: 'again'; readonly error: unknown }
  /** No request can succeed with these settings. */
  | { readonly kind: 'final'; readonly error: unknown }

/** Tells targets apart: no key that reaches a store holds a NUL. */
export function nameOf({ key, id }: StoreTarget): string {
  return id === null ? key : `${key}\0${id}`
}

/**
 * S3, RGW and Swift call an absent key deleted; a store that says `NoSuchKey` means the same. A bare 404 does not count: any
 * web server in between answers it.
 */
export function outcomeOf(error: unknown): Outcome {
  const refusal = refusalOf(error)
  if (/^NoSuch(?:Key|Version|Upload)$/.test(refusal.code)) return { kind: 'done' }
  if (mayPass(refusal)) return { kind: 'again', error }
  if (isFinal(refusal)) return { kind: 'final', error }
  return { kind: 'refused', reason: phraseOf(refusal) }
}

/** The outcome of a code within an answer to many keys. */
export function outcomeOfCode(code: string): Outcome {
  return outcomeOf({ name: code })
}

/** Includes connections that fail: a work of hours meets a restart of the store. */
function mayPass(refusal: S3Refusal): boolean {
  if (isBadCertificate(refusal)) return false
  return isPassing(refusal) || isTimeout(refusal) || isTorn(refusal) || isUnreachable(refusal)
}
