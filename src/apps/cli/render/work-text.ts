/** What a run did, in the words that its end and its report share. */
import { ALL_KINDS, KINDS, type Kind } from '../../../core/model/media.ts'
import type { Tally } from '../../../core/model/tally.ts'
import { formatCount, plural } from './text.ts'

/** `: 63 avatars, 1 header`, in the order of kinds; empty where nothing is of a kind. */
export function ofKinds(byKind: Readonly<Partial<Record<Kind, Readonly<Tally>>>>): string {
  const said = ALL_KINDS.flatMap((kind) => {
    const tally = byKind[kind]
    return tally === undefined ? [] : [plural(tally.count, kind, KINDS[kind].plural)]
  })
  return said.length === 0 ? '' : `: ${said.join(', ')}`
}

/** Nothing if nothing was left alone. */
export function leftAsChanged(count: number): string[] {
  if (count === 0) return []
  return [
    `${formatCount(count)} changed meanwhile, or ${count === 1 ? 'was' : 'were'} being changed: left alone.`,
  ]
}
