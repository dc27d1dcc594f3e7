/** A thread that walks. */
import { answerJobs } from './answer-jobs.ts'
import { walk } from './walk.ts'

answerJobs(walk)
