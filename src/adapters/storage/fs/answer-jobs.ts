/** The inside of a thread: takes one job at a time and answers it. Holds nothing between jobs. */
import { parentPort } from 'node:worker_threads'

/** What goes back: the result, or what is needed to name the failure. */
export type JobAnswer<Result> =
  | { readonly result: Result }
  | { readonly failure: { readonly code: string; readonly message: string; readonly path: string } }

/** @param work may throw the file system's errors; they become failures. */
export function answerJobs<Job extends { readonly root: string }, Result>(work: (job: Job) => Result): void {
  parentPort?.on('message', (job: Job) => {
    let answer: JobAnswer<Result>
    try {
      answer = { result: work(job) }
    } catch (error) {
      const { code = 'UNKNOWN', message, path = job.root } = error as NodeJS.ErrnoException
      answer = { failure: { code, message, path } }
    }
    parentPort?.postMessage(answer)
  })
}
