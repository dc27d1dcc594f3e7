/** Small pages of candidates made into larger ones. */
import type { SeenCandidate } from '../../core/model/prune-candidate.ts'
import type { PrunePage } from '../../core/ports/prune.ts'

/** So many pages that hold next to nothing and what they hold is told: whoever waits for it also decides whether to go on. */
const PAGES_AT_MOST = 20

/**
 * Pages of at least `least` rows, all of one table, in the same order; the last of a table may be smaller. Empty pages are
 * not told.
 */
export async function* joinPages(pages: AsyncIterable<PrunePage>, least: number): AsyncGenerator<PrunePage> {
  let waiting: SeenCandidate[] = []
  let position = ''
  let joined = 0
  for await (const page of pages) {
    const [first] = page.candidates
    if (waiting.length > 0 && first !== undefined && first.table !== waiting[0]?.table) {
      yield { candidates: waiting, position }
      waiting = []
      joined = 0
    }
    for (const candidate of page.candidates) waiting.push(candidate)
    position = page.position
    joined++
    if (waiting.length < least && joined < PAGES_AT_MOST) continue
    if (waiting.length > 0) yield { candidates: waiting, position }
    waiting = []
    joined = 0
  }
  if (waiting.length > 0) yield { candidates: waiting, position }
}
