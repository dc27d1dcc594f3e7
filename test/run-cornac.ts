/** Runs the command as an admin's shell would: a process of its own, which knows nothing of what the tests run under. */
import { spawn, type ChildProcess } from 'node:child_process'
import { statSync } from 'node:fs'
import { chmod, chown, cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

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
  /** Another checkout, see reachableCornac; default this one. */
  readonly program?: CornacProgram | undefined
}

export interface RunningCornac {
  readonly process: ChildProcess
  /** What it has written to stderr so far. */
  stderr(): string
  readonly ended: Promise<CornacRun>
}

/** Where the command is, and the Node it runs on. */
export interface CornacProgram {
  readonly node: string
  readonly script: string
}

const ROOT = dirname(import.meta.dirname)
const HERE: CornacProgram = { node: process.execPath, script: join(ROOT, 'bin/cornac') }

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
  const { env = {}, user, timeoutMs = 60_000, program = HERE } = options
  const home = options.home ?? (await cornacHome(user))
  // `--`: without it Node itself would act on --env-file, which is Cornac's.
  const child = spawn(program.node, ['--', program.script, ...argv], {
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
  })
  return { process: child, stderr: () => written.stderr, ended: tidied() }

  async function tidied(): Promise<CornacRun> {
    try {
      return await ended
    } finally {
      clearTimeout(limit)
      if (options.home === undefined) await rm(home, { recursive: true, force: true })
    }
  }
}

/**
 * The command where every user may run it: this checkout if all folders above are open, else a copy of what it needs
 * in `folder` (a checkout under /root, for instance).
 */
export async function reachableCornac(folder: string): Promise<CornacProgram> {
  if ([HERE.node, HERE.script].every(isOpenToAll)) return HERE
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>
  }
  const needed = Object.entries(lock.packages).filter(
    ([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true,
  )
  const parts = ['bin', 'src', 'lab', 'package.json', ...needed.map(([path]) => path)]
  for (const part of parts)
    await cp(join(ROOT, part), join(folder, part), { recursive: true }).catch((error: unknown) => {
      // Programs for other platforms stand in the lock file and are not installed.
      if (!part.startsWith('node_modules/') || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    })
  await cp(HERE.node, join(folder, 'node'))
  await chmod(folder, 0o755)
  return { node: join(folder, 'node'), script: join(folder, 'bin/cornac') }
}

function isOpenToAll(path: string): boolean {
  for (let current = path; ; current = dirname(current)) {
    if ((statSync(current).mode & 0o001) === 0) return false
    if (current === dirname(current)) return true
  }
}
