/** What a search for orphans saw beside its plan. */
import type { OrphanProposal } from '../../../core/propose-orphans.ts'
import { formatBytes, formatCount, formatTime, plural } from './text.ts'

/** Where there is no plan. @param remembered false: nothing was written, so nothing is known of earlier scans either */
export function orphanHeadline({ seen, waiting }: OrphanProposal, remembered: boolean): string {
  if (remembered)
    return waiting.count === 0
      ? 'Nothing would go: there are no orphans under cache/.'
      : 'Nothing can go yet.'
  const tallies = Object.values(seen)
  const count = tallies.reduce((sum, tally) => sum + tally.count, 0)
  const bytes = tallies.reduce((sum, tally) => sum + tally.bytes, 0)
  return (
    `${plural(count, 'orphan')} (${formatBytes(bytes)}) seen under cache/. Nothing was remembered: ` +
    'this scan is not one of the two that have to see them.'
  )
}

export function orphanSentences({
  waiting,
  nextAtMs,
  outsideCache,
  strays,
}: OrphanProposal): readonly string[] {
  const lines: string[] = []
  if (waiting.count > 0)
    lines.push(
      `${plural(waiting.count, 'orphan')} (${formatBytes(waiting.bytes)}) ${waiting.count === 1 ? 'was' : 'were'} not seen long enough yet` +
        `${nextAtMs === null ? '' : `: the first can go from ${formatTime(nextAtMs)} on; run this again then`}.`,
    )
  if (outsideCache.count > 0)
    lines.push(
      `${plural(outsideCache.count, 'orphan')} (${formatBytes(outsideCache.bytes)}) outside cache/ left alone: they may be local media.`,
    )
  if (strays.count > 0)
    lines.push(
      `${plural(strays.count, 'file')} (${formatBytes(strays.bytes)}) with names of no kind Cornac knows: never touched.`,
    )
  return lines
}

export function versionSentences(markers: number): readonly string[] {
  return markers === 0
    ? []
    : markers === 1
      ? ['1 delete marker stays: it takes no space, and hides what was removed.']
      : [`${formatCount(markers)} delete markers stay: they take no space, and hide what was removed.`]
}
