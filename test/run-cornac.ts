/** Runs the command as an admin's shell would: a process of its own, which knows nothing of what the tests run under. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm, chown } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a run left: everything it wrote, and how it ended. */
export interface CornacRun {
  /** Null if a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface CornacOptions {
  /** All the variables the command sees, besides PATH, HOME and CORNAC_STATE_DIR (which may be given here, too). */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Home, working folder and, in `state`, memory of the run; default a fresh one that is removed afterwards. */
  readonly home?: string | undefined
  /** Whom to run as; default ourselves. Needs root. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  /** After which a run that does not end is killed, and its promise rejects. Default 60 s. */
  readonly timeoutMs?: number | undefined
  /** The command; default `bin/cornac` of this checkout. */
  readonly program?: string | undefined
}

export interface RunningCornac {
  readonly process: ChildProcess
  /** What it has written to stderr so far. */
  stderr(): string
  readonly ended: Promise<CornacRun>
}

const BIN = fileURLToPath(new URL('../bin/cornac', import.meta.url))

/** A home for several runs that share their state, `state` below it. Whoever makes it removes it. */
export async function cornacHome(user?: CornacOptions['user']): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'cornac-home-'))
  if (user !== undefined) await chown(home, user.uid, user.gid)
  return home
}

/** Runs `cornac <argv>` to its end. */
export async function runCornac(argv: readonly string[], options: CornacOptions = {}): Promise<CornacRun> {
  return (await startCornac(argv, options)).ended
}

/** Starts `cornac <argv>`; for tests that interfere. */
export async function startCornac(
  argv: readonly string[],
  options: CornacOptions = {},
): Promise<RunningCornac> {
  const { env = {}, user, timeoutMs = 60_000, program = BIN } = options
  const home = options.home ?? (await cornacHome(user))
  // `--`: without it Node itself would act on --env-file, which is Cornac's.
  const child = spawn(process.execPath, ['--', program, ...argv], {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, CORNAC_STATE_DIR: join(home, 'state'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  })
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8')
    child[name].on('data', (piece: string) => (written[name] += piece))
  }
  let late = false
  const limit = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, timeoutMs)
  const ended = new Promise<CornacRun>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (late)
        reject(new Error(`cornac ${argv.join(' ')} took more than ${timeoutMs} ms:\n${written.stderr}`))
      else resolve({ code, signal, ...written })
    })
  }).finally(async () => {
    clearTimeout(limit)
    if (options.home === undefined) await rm(home, { recursive: true, force: true })
  })
  return { process: child, stderr: () => written.stderr, ended }
}
