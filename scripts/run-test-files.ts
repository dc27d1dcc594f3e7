import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { run } from 'node:test'
import { spec, type TestEvent } from 'node:test/reporters'
import { needsPrefix } from '../test/needs.ts'

/**
 * Runs test files with node:test, a process each, and prints its report, whose closing lines (`ℹ tests N`, `ℹ pass N`) end
 * the output. Resolves to whether all passed. A run longer than `timeoutMs` is broken off and has not passed.
 */
export async function runTestFiles(
  root: string,
  files: readonly string[],
  options: { readonly timeoutMs: number },
): Promise<boolean> {
  let passed = files.length > 0
  const breakOff = AbortSignal.timeout(options.timeoutMs)
  const events = run({
    cwd: root,
    files: files.map((file) => join(root, file)),
    concurrency: Math.max(2, availableParallelism()),
    timeout: 120_000,
    signal: breakOff,
  })
  events.on('test:fail', () => (passed = false))
  // without this the report would stay unwritten after a break-off: the stream ends, but nobody tells why
  breakOff.addEventListener('abort', () => console.error(`✖ broken off after ${options.timeoutMs / 1000} s`))
  await pipeline(events, countSkipped(), spec(), process.stdout, { end: false })
  return passed && !breakOff.aborted
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
