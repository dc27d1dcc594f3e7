/** The threads that read folders, shared by all listings of one storage and started with the first. */
import { Worker } from 'node:worker_threads'
import type { WalkAnswer } from './walk-worker.ts'
import type { WalkJob, WalkPage } from './walk.ts'
import { fileSystemFailure } from './failure.ts'

export interface WalkPool {
  /** Jobs worth handing in at once so that no thread waits for this one. */
  readonly appetite: number
  walk(job: WalkJob): Promise<WalkPage>
  /** Jobs under way are rejected. */
  close(): Promise<void>
}

interface Waiting {
  readonly job: WalkJob
  readonly resolve: (page: WalkPage) => void
  readonly reject: (error: unknown) => void
}

interface Thread {
  readonly worker: Worker
  /** In the order sent, which is the order of the answers. */
  readonly sent: Waiting[]
}

/** Each thread is sent its next job before it has finished one: this thread may be busy with rows for milliseconds. */
const SENT_AHEAD = 2

/** Idle threads do not keep the process alive. */
export function createWalkPool(threads: number): WalkPool {
  const pool: Thread[] = []
  const queue: Waiting[] = []

  function start(): Thread {
    // The source runs as it is and compiled; `tsc` rewrites imports but not addresses.
    const file = import.meta.url.endsWith('.ts') ? './walk-worker.ts' : './walk-worker.js'
    const worker = new Worker(new URL(file, import.meta.url), {
      name: 'cornac-walk',
      // A walk allocates small things that die at once; a small nursery keeps many threads cheap.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    })
    const thread: Thread = { worker, sent: [] }
    worker.on('message', (answer: WalkAnswer) => {
      const waiting = thread.sent.shift()
      if (thread.sent.length === 0) worker.unref()
      feed()
      if (waiting === undefined) return
      if ('page' in answer) waiting.resolve(answer.page)
      else waiting.reject(fileSystemFailure(answer.failure, waiting.job.root))
    })
    worker.on('error', (error) => retire(thread, error))
    worker.unref()
    pool.push(thread)
    return thread
  }

  function retire(thread: Thread, error: unknown): void {
    const at = pool.indexOf(thread)
    if (at >= 0) pool.splice(at, 1)
    for (const waiting of thread.sent.splice(0)) waiting.reject(error)
    feed()
  }

  function feed(): void {
    while (queue.length > 0) {
      let freest = pool.reduce<Thread | undefined>(
        (best, thread) => (best === undefined || thread.sent.length < best.sent.length ? thread : best),
        undefined,
      )
      if ((freest === undefined || freest.sent.length > 0) && pool.length < threads) freest = start()
      if (freest === undefined || freest.sent.length >= SENT_AHEAD) return
      const waiting = queue.shift()!
      freest.sent.push(waiting)
      freest.worker.ref()
      freest.worker.postMessage(waiting.job)
    }
  }

  return {
    appetite: threads * SENT_AHEAD,
    walk: (job) =>
      new Promise((resolve, reject) => {
        queue.push({ job, resolve, reject })
        feed()
      }),
    async close() {
      const closed = new Error('the listing was closed')
      for (const waiting of queue.splice(0)) waiting.reject(closed)
      const threadsToStop = pool.splice(0)
      for (const thread of threadsToStop) for (const waiting of thread.sent.splice(0)) waiting.reject(closed)
      await Promise.all(threadsToStop.map((thread) => thread.worker.terminate()))
    },
  }
}
