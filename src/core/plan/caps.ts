/** Shares of a kind that are more than a run may take unasked. */
import { ALL_KINDS, type Kind } from '../model/media.ts'
import type { CapMet } from '../model/plan.ts'
import { REFUSE_SHARE, SHARES_FROM_FILES, STOP_SHARE } from './safety.ts'

type ByKind<T> = Readonly<Partial<Record<Kind, T>>>

/**
 * Every cap that letting go of these files meets, in the order of kinds. Rows that name less than would go (orphans can be
 * more than what is named) count as all of it: the share never passes 1.
 */
export function capsMet(files: ByKind<{ readonly count: number }>, named: ByKind<number>): readonly CapMet[] {
  return ALL_KINDS.flatMap((kind): readonly CapMet[] => {
    const count = files[kind]?.count ?? 0
    const of = named[kind] ?? 0
    if (Math.max(count, of) < SHARES_FROM_FILES) return []
    const share = shareOf(count, of)
    if (share <= STOP_SHARE) return []
    return [{ kind, share, files: count, of, level: share > REFUSE_SHARE ? 'refuse' : 'stop' }]
  })
}

function shareOf(count: number, of: number): number {
  return count >= of ? (count === 0 ? 0 : 1) : count / of
}

/** Whole per cents that are at least the share: what a person types to allow it. */
export function percentFor(share: number): number {
  const percent = Math.ceil(share * 100)
  return percent / 100 < share ? percent + 1 : percent
}
