/**
 * Which strings an adapter accepts as a key: the shapes that cannot lead out of a media folder and that mean the
 * same thing in every store.
 */
import { KnownError } from '../../core/errors.ts'

/** Why a key is refused, as a short phrase; null if it is fine. */
export function keyObjection(key: string): string | null {
  if (key === '') return 'the key is empty'
  if (key.includes('\0')) return 'the key holds a NUL'
  if (!key.isWellFormed()) return 'the key is not valid Unicode'
  for (const segment of key.split('/')) {
    if (segment === '') return 'the key has an empty segment'
    if (segment === '.' || segment === '..') return `the key has a segment "${segment}"`
  }
  return null
}

/** Throws a KnownError (`unsafe-key`) for a key that must not reach storage. */
export function refuseUnsafeKey(key: string): void {
  const objection = keyObjection(key)
  if (objection === null) return
  throw new KnownError({
    code: 'unsafe-key',
    what: `Storage refuses the key ${JSON.stringify(key)}: ${objection}`,
    remedy: 'Nothing was read or written; look at the row or the plan that names this key',
  })
}
