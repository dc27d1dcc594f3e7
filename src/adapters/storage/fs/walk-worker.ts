/** A thread that walks: takes one job at a time, answers with its page. Holds nothing between jobs. */
import { parentPort } from 'node:worker_threads'
import { walk, type WalkJob, type WalkPage } from './walk.ts'

/** What goes back: the page, or what is needed to name the failure. */
export type WalkAnswer =
  | { readonly page: WalkPage }
  | { readonly failure: { readonly code: string; readonly message: string; readonly path: string } }

parentPort?.on('message', (job: WalkJob) => {
  let answer: WalkAnswer
  try {
    answer = { page: walk(job) }
  } catch (error) {
    const { code = 'UNKNOWN', message, path = job.root } = error as NodeJS.ErrnoException
    answer = { failure: { code, message, path } }
  }
  parentPort?.postMessage(answer)
})
