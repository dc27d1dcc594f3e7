import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { endAtOnce, endLeftovers, kill, register, unregister } from './registry.ts'

/**
 * Starts one process of a lab server and answers for its end: stopped when asked, killed when this process exits for
 * whatever reason, and left in the registry for the next start if even that is impossible.
 */
export interface ProcessOptions {
  /** For messages: `postgres`. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** The server's own directory, also its working directory; removed by whoever started the server. */
  readonly directory: string
  /** Receives what the process prints. */
  readonly logFile: string
  readonly env?: NodeJS.ProcessEnv | undefined
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  /** Asks for an orderly end. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals | undefined
  /** Ends it at once. Default SIGKILL. */
  readonly killSignal?: NodeJS.Signals | undefined
}

export interface Supervised {
  readonly name: string
  readonly pid: number
  /** False as soon as it has ended, by itself or by us. */
  running(): boolean
  /** The last lines it printed, for messages. */
  tail(): string
  /** Orderly at first, by force after five seconds. May be called twice. */
  stop(): Promise<void>
  /** At once, by the kill signal: what a crash does. Resolves when it has ended. */
  endAtOnce(): Promise<void>
}

interface Running {
  readonly pid: number
  readonly killSignal: NodeJS.Signals
  readonly directory: string
}

// Exit and signal handlers belong to the whole process, and so does the list they work through.
const running = new Set<Running>()
let watching = false

/** Starts the process; resolves once it has a pid, not when it answers: see waitUntil. */
export async function supervise(options: ProcessOptions): Promise<Supervised> {
  watchForExit()
  const { name, command, directory, logFile, killSignal = 'SIGKILL' } = options
  const log = openSync(logFile, 'a')
  const child = spawn(command, options.args, {
    cwd: directory,
    env: options.env ?? process.env,
    stdio: ['ignore', log, log],
    // its own process group: Ctrl-C in the terminal is for the program, which then stops its servers in order
    detached: true,
    ...options.user,
  })
  closeSync(log)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (cause) =>
      reject(new Error(`${name} could not be started (${command}): ${cause.message}`, { cause })),
    )
  })
  const pid = child.pid as number
  const entry: Running = { pid, killSignal, directory }
  running.add(entry)
  register(entry)
  void ended.then(() => {
    running.delete(entry)
    unregister(pid)
  })
  // a server left running must not keep a finished program alive: its exit handler ends it
  child.unref()
  const endBy = async (signals: readonly NodeJS.Signals[]): Promise<void> => {
    if (!running.has(entry)) return
    child.ref()
    for (const signal of signals) {
      if (!running.has(entry)) break
      kill(pid, signal)
      await Promise.race([ended, delay(5_000, undefined, { ref: false })])
    }
    await ended
  }
  return {
    name,
    pid,
    running: () => running.has(entry),
    tail: () => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-15).join('\n'),
    stop: () => endBy([options.stopSignal ?? 'SIGTERM', killSignal, 'SIGKILL']),
    endAtOnce: () => endBy([killSignal, 'SIGKILL']),
  }
}

/** Asks `ready` every few milliseconds; throws with the log's end when a process dies or the time is over. */
export async function waitUntil(
  what: string,
  ready: () => Promise<boolean> | boolean,
  options: { readonly processes: readonly Supervised[]; readonly timeoutMs?: number },
): Promise<void> {
  const { processes, timeoutMs = 30_000 } = options
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const dead = processes.find((candidate) => !candidate.running())
    if (dead !== undefined)
      throw new Error(`${dead.name} ended while starting. Its last words:\n${dead.tail()}`)
    if (await ready()) return
    if (performance.now() > deadline) {
      const tails = processes.map((candidate) => `${candidate.name}:\n${candidate.tail()}`)
      throw new Error(`${what} did not happen within ${timeoutMs} ms.\n${tails.join('\n')}`)
    }
    await delay(25)
  }
}

function watchForExit(): void {
  if (watching) return
  watching = true
  endLeftovers()
  process.once('exit', killAll)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const onSignal = (): void => {
      // somebody else handles this signal in his own time; the exit handler follows him
      if (process.listenerCount(signal) > 1) return
      killAll()
      process.removeListener(signal, onSignal)
      process.kill(process.pid, signal)
    }
    // first in line: a handler before us may take itself off the list, and we would think ourselves alone
    process.prependListener(signal, onSignal)
  }
}

/** Runs in an exit handler: nothing asynchronous happens any more. */
function killAll(): void {
  endAtOnce([...running])
}
