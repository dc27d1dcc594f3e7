/** A thread that removes. */
import { answerJobs } from './answer-jobs.ts'
import { removeBatch } from './remove-batch.ts'

// Every folder that is still in use costs an error, and nobody reads where it came from.
Error.stackTraceLimit = 0
answerJobs(removeBatch)
