import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processStart } from './process-identity.ts'

/**
 * What the lab left running when a parent died without a chance to stop it (SIGKILL, a crash of Node itself).
 * One small file per process in the temporary directory; the next start of any lab server ends those whose parent is gone.
 */
export interface RegisteredProcess {
  readonly pid: number
  readonly start: string
  readonly parentPid: number
  readonly parentStart: string
  /** The signal that ends this server at once and with its children. */
  readonly killSignal: NodeJS.Signals
  /** Removed with the process. */
  readonly directory: string
}

/** Where the files lie; each user has a folder, since one may not end another's processes. Programs that tests write import it. */
export function registryDirectory(): string {
  return join(tmpdir(), `cornac-lab-${process.getuid?.() ?? 'user'}`)
}

/** Notes a process that this one has just started. */
export function register(entry: Omit<RegisteredProcess, 'start' | 'parentPid' | 'parentStart'>): void {
  const start = processStart(entry.pid)
  const parentStart = processStart(process.pid)
  if (start === undefined || parentStart === undefined) return
  const whole: RegisteredProcess = { ...entry, start, parentPid: process.pid, parentStart }
  mkdirSync(registryDirectory(), { recursive: true, mode: 0o700 })
  writeFileSync(fileOf(entry.pid), JSON.stringify(whole), { mode: 0o600 })
}

/** Forgets a process that has ended. */
export function unregister(pid: number): void {
  rmSync(fileOf(pid), { force: true })
}

/** Ends every registered process whose parent no longer lives, and removes its directory. Returns the ended pids. */
export function endLeftovers(): number[] {
  const orphaned = registered().filter((entry) => processStart(entry.parentPid) !== entry.parentStart)
  // a pid may by now be somebody else's: only the pair of pid and start is ours
  const alive = orphaned.filter((entry) => processStart(entry.pid) === entry.start)
  endAtOnce(alive)
  endAtOnce(
    orphaned.filter((entry) => !alive.includes(entry)),
    { kill: false },
  )
  return alive.map(({ pid }) => pid)
}

/**
 * Kills the processes, waits up to three seconds until they are gone (one that still writes would bring its directory
 * back), removes their directories and forgets them. Synchronous: it is also called while this process exits.
 */
export function endAtOnce(
  entries: readonly Pick<RegisteredProcess, 'pid' | 'killSignal' | 'directory'>[],
  options: { readonly kill: boolean } = { kill: true },
): void {
  if (options.kill) {
    for (const { pid, killSignal } of entries) kill(pid, killSignal)
    const deadline = performance.now() + 3_000
    const pause = new Int32Array(new SharedArrayBuffer(4))
    while (entries.some(({ pid }) => processStart(pid) !== undefined) && performance.now() < deadline) {
      Atomics.wait(pause, 0, 0, 10)
    }
  }
  for (const { pid, directory } of entries) {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
    unregister(pid)
  }
}

function registered(): RegisteredProcess[] {
  let names: string[]
  try {
    names = readdirSync(registryDirectory())
  } catch {
    return []
  }
  return names.flatMap((name) => {
    try {
      return [JSON.parse(readFileSync(join(registryDirectory(), name), 'utf8')) as RegisteredProcess]
    } catch {
      // half written by a start going on right now, or removed since: not ours to judge
      return []
    }
  })
}

/** The process was made leader of its own group, so that forked workers end with it. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal)
    } catch {
      // gone already
    }
  }
}

function fileOf(pid: number): string {
  return join(registryDirectory(), `${pid}.json`)
}
