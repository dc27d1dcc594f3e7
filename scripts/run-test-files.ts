import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { run } from 'node:test'
import { spec, type TestEvent } from 'node:test/reporters'
import { needsPrefix } from '../test/needs.ts'

/** Longest time one test may take, unless it asks for more. */
const testTimeoutMs = 120_000
/** Longest silence: more than any test asks for itself, hence a file whose tests are done but which does not end. */
const silenceMs = 330_000

/**
 * Runs test files with node:test, a process each, and prints its report, whose closing lines (`ℹ tests N`, `ℹ pass N`) end
 * the output. Resolves to whether all passed. A run that takes longer than `timeoutMs`, or in which nothing happens any
 * more, is broken off and has not passed.
 */
export async function runTestFiles(
  root: string,
  files: readonly string[],
  options: { readonly timeoutMs: number },
): Promise<boolean> {
  const breakOff = new AbortController()
  const events = run({
    cwd: root,
    files: files.map((file) => join(root, file)),
    concurrency: Math.max(2, availableParallelism()),
    timeout: testTimeoutMs,
    signal: breakOff.signal,
  })
  const unfinished = new Set(files.map((file) => join(root, file)))
  const giveUp = (why: string): void => {
    console.error(
      `✖ broken off: ${why}. Not ended: ${[...unfinished].map((file) => relative(root, file)).join(', ')}`,
    )
    breakOff.abort()
  }
  const { timeoutMs } = options
  const overall = setTimeout(() => giveUp(`the run took more than ${timeoutMs / 1000} s`), timeoutMs)
  const silence = setTimeout(() => giveUp('something a test started keeps its file from ending'), silenceMs)
  let passed = files.length > 0
  events.on('test:fail', () => (passed = false))
  events.on('data', () => silence.refresh())
  events.on('test:summary', ({ file }) => file !== undefined && unfinished.delete(file))
  try {
    await pipeline(events, countSkipped(), spec(), process.stdout, { end: false })
  } finally {
    clearTimeout(overall)
    clearTimeout(silence)
  }
  return passed && !breakOff.signal.aborted
}

/** Passes all events on, and says before node's closing lines how many tests were skipped for want of which server. */
function countSkipped(): Transform {
  const skipped = new Map<string, number>()
  let said = false
  return new Transform({
    objectMode: true,
    transform(event: TestEvent, _encoding, done) {
      if (
        event.type === 'test:pass' &&
        typeof event.data.skip === 'string' &&
        event.data.skip.startsWith(needsPrefix)
      ) {
        const server = event.data.skip.slice(needsPrefix.length).split(':', 1)[0] as string
        skipped.set(server, (skipped.get(server) ?? 0) + 1)
      }
      if (!said && event.type === 'test:diagnostic' && /^tests \d+$/.test(event.data.message)) {
        said = true
        for (const [server, count] of skipped) {
          const message = `skipped because ${server} is not installed: ${count}`
          this.push({ ...event, data: { ...event.data, message } })
        }
      }
      done(null, event)
    },
  })
}
