/** Threads that do blocking work in the media folder, started with the first job and shared by all calls of one storage. */
import { Worker } from 'node:worker_threads'
import type { JobAnswer } from './answer-jobs.ts'
import { fileSystemFailure } from './failure.ts'

export interface ThreadPool<Job, Result> {
  /** Jobs worth handing in at once so that no thread waits for this one. */
  readonly appetite: number
  run(job: Job): Promise<Result>
  /** Jobs under way are rejected. */
  close(): Promise<void>
}

interface PoolSettings {
  /** Of the threads, for people who look at the process. */
  readonly name: string
  /** What each thread runs: a file beside this one, without its ending. */
  readonly program: string
  readonly threads: number
}

interface Waiting<Job, Result> {
  readonly job: Job
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

interface Thread<Job, Result> {
  readonly worker: Worker
  /** In the order sent, which is the order of the answers. */
  readonly sent: Waiting<Job, Result>[]
}

/** Each thread is sent its next job before it has finished one: this thread may be busy with rows for milliseconds. */
const SENT_AHEAD = 2

/** Idle threads do not keep the process alive. */
export function createThreadPool<Job extends { readonly root: string }, Result>({
  name,
  program,
  threads,
}: PoolSettings): ThreadPool<Job, Result> {
  const pool: Thread<Job, Result>[] = []
  const queue: Waiting<Job, Result>[] = []

  function start(): Thread<Job, Result> {
    // The source runs as it is and compiled; `tsc` rewrites imports but not addresses.
    const file = `./${program}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`
    const worker = new Worker(new URL(file, import.meta.url), {
      name,
      // The work allocates small things that die at once; a small nursery keeps many threads cheap.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    })
    const thread: Thread<Job, Result> = { worker, sent: [] }
    worker.on('message', (answer: JobAnswer<Result>) => {
      const waiting = thread.sent.shift()
      if (thread.sent.length === 0) worker.unref()
      feed()
      if (waiting === undefined) return
      if ('result' in answer) waiting.resolve(answer.result)
      else waiting.reject(fileSystemFailure(answer.failure, waiting.job.root))
    })
    worker.on('error', (error) => retire(thread, error))
    worker.unref()
    pool.push(thread)
    return thread
  }

  function retire(thread: Thread<Job, Result>, error: unknown): void {
    const at = pool.indexOf(thread)
    if (at >= 0) pool.splice(at, 1)
    for (const waiting of thread.sent.splice(0)) waiting.reject(error)
    feed()
  }

  function feed(): void {
    while (queue.length > 0) {
      let freest = pool.reduce<Thread<Job, Result> | undefined>(
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
    run: (job) =>
      new Promise((resolve, reject) => {
        queue.push({ job, resolve, reject })
        feed()
      }),
    async close() {
      const closed = new Error('the storage was closed')
      for (const waiting of queue.splice(0)) waiting.reject(closed)
      const threadsToStop = pool.splice(0)
      for (const thread of threadsToStop) for (const waiting of thread.sent.splice(0)) waiting.reject(closed)
      await Promise.all(threadsToStop.map((thread) => thread.worker.terminate()))
    },
  }
}
