/** Lists a range of a media folder in key order, with many pieces of the walk under way at once. */
import { isUnlisted, type Listed } from '../../../core/model/object.ts'
import type { CallOptions, KeyRange } from '../../../core/ports/storage.ts'
import { readGround } from './links.ts'
import type { ThreadPool } from './thread-pool.ts'
import type { WalkItem, WalkJob, WalkPage } from './walk.ts'

export interface WalkPace {
  readonly pageEntries: number
  readonly sliceMs: number
  /** Items given to a thread at once: few enough to spread, many enough to be worth a message. */
  readonly batch: number
}

/** A stretch of the key space: waiting to be walked, being walked, or walked and not yet handed out. */
type Stretch =
  | { readonly state: 'waiting'; readonly items: readonly WalkItem[]; readonly from: number }
  | { readonly state: 'walking'; readonly page: Promise<WalkPage> }
  | { readonly state: 'walked'; readonly entries: readonly Listed[] }

/**
 * Pages in key order. Holds at most as many unread pages as the pool's appetite, and the names of the siblings along
 * the branches being walked.
 */
export async function* listFolder(
  root: string,
  pool: ThreadPool<WalkJob, WalkPage>,
  pace: WalkPace,
  range: KeyRange,
  { signal }: CallOptions,
): AsyncGenerator<readonly Listed[]> {
  signal?.throwIfAborted()
  const ground = await readGround(root)
  const stretches: Stretch[] = [{ state: 'waiting', items: [''], from: 0 }]
  let lastUnlisted: string | undefined

  function walkOn(): void {
    for (let i = 0; i < Math.min(stretches.length, pool.appetite); i++) {
      const stretch = stretches[i]!
      if (stretch.state !== 'waiting') continue
      const { items, from } = stretch
      const to = Math.min(items.length, from + pace.batch)
      const page = pool.run({
        root,
        range,
        followed: ground.followed,
        items: items.slice(from, to),
        pageEntries: pace.pageEntries,
        sliceMs: pace.sliceMs,
      })
      const walking: Stretch = { state: 'walking', page }
      stretches.splice(i, 1, walking)
      if (to < items.length) stretches.splice(i + 1, 0, { state: 'waiting', items, from: to })
      page.then(
        ({ entries, rest }) => {
          const at = stretches.indexOf(walking)
          if (at < 0) return
          stretches.splice(at, 1, { state: 'walked', entries })
          if (rest.length > 0) stretches.splice(at + 1, 0, { state: 'waiting', items: rest, from: 0 })
          walkOn()
        },
        // A failure is met in its turn, where this stretch is awaited.
        () => {},
      )
    }
  }

  try {
    for (;;) {
      walkOn()
      const first = stretches[0]
      if (first === undefined) break
      if (first.state === 'walking') await abortable(first.page, signal)
      if (first.state !== 'walked') continue
      stretches.shift()
      // Pieces of one folder that may not be searched each name it.
      const entries = first.entries.filter((entry) => {
        if (!isUnlisted(entry)) return true
        const repeated = entry.unlisted === lastUnlisted
        lastUnlisted = entry.unlisted
        return !repeated
      })
      if (entries.length > 0) yield entries
      signal?.throwIfAborted()
    }
    await ground.confirm()
  } finally {
    stretches.length = 0
  }
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
