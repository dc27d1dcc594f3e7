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

/** Where the files lie; each user has a folder, since one may not end another's processes. */
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
  const ended: number[] = []
  for (const entry of registered()) {
    if (processStart(entry.parentPid) === entry.parentStart) continue
    if (processStart(entry.pid) === entry.start) {
      kill(entry.pid, entry.killSignal)
      ended.push(entry.pid)
    }
    rmSync(entry.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    unregister(entry.pid)
  }
  return ended
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
