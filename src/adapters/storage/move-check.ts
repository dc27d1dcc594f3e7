/** Which moves an adapter refuses without asking the store. */
import { isOwnKey, OWN_PREFIX } from '../../core/model/own-keys.ts'
import type { MoveAccess, MovePair } from '../../core/ports/storage.ts'
import { keyObjection } from './key-check.ts'

/** Why a move is refused, as a short phrase; null if it is fine. */
export function moveObjection({ from, to }: MovePair, access: MoveAccess): string | null {
  const objection = keyObjection(from) ?? keyObjection(to)
  if (objection !== null) return objection
  if (from === to) return 'both keys are the same'
  // On a disk the folder is closed, and with any other folder all that Mastodon keeps in it.
  if (access === 'private' && !isOwnKey(to)) return `only keys under ${OWN_PREFIX} are private`
  return null
}
