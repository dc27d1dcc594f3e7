/** Runs a program to its end with its output read, and measures it from outside. */
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface ProcessRun {
  /** From the start of the process until it has ended and its output is read. */
  readonly ms: number
  readonly stdout: string
  /** Lines of stdout; counted also where the text itself is not kept. */
  readonly lines: number
  readonly stderr: string
  /** Null unless asked for. */
  readonly peakBytes: number | null
}

export interface ProcessOptions {
  /** All the variables it sees, besides PATH. */
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
  /** Read stdout and count its lines, but do not keep it. */
  readonly dropOutput?: boolean | undefined
  /** Ends that are as good as 0. */
  readonly allowedCodes?: readonly number[] | undefined
}

export interface NodeOptions extends ProcessOptions {
  /** Measure the peak memory of the process. */
  readonly peak?: boolean | undefined
}

const REPORT_PEAK = new URL('report-peak.ts', import.meta.url).href
const CORNAC = fileURLToPath(new URL('../../bin/cornac', import.meta.url))
const SPARE_MEMORY = new URL('../../bin/spare-memory.mjs', import.meta.url).href

// What runs now ends with this process, however that ends; exit handlers belong to the whole process.
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** @throws if the program ends with anything but 0 and the allowed codes */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessRun> {
  const startedAt = performance.now()
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  running.add(child)
  let [stdout, stderr, peak] = ['', '', '']
  let lines = 0
  child.stdout?.on('data', (piece: Buffer) => {
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) lines++
    if (options.dropOutput !== true) stdout += piece.toString('utf8')
  })
  child.stderr?.on('data', (piece: Buffer) => (stderr += piece.toString('utf8')))
  child.stdio[3]?.on('data', (piece: Buffer) => (peak += piece.toString('utf8')))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  }).finally(() => running.delete(child))
  const ms = performance.now() - startedAt
  if (code !== 0 && options.allowedCodes?.includes(code ?? -1) !== true)
    throw new Error(`${command} ${args.slice(0, 8).join(' ')} ended with ${code}:\n${stderr}${stdout}`)
  return { ms, stdout, lines, stderr, peakBytes: peak === '' ? null : Number(peak) }
}

/** Runs a script on the Node that runs this. */
export function runNode(args: readonly string[], options: NodeOptions = {}): Promise<ProcessRun> {
  const preload = options.peak === true ? ['--import', REPORT_PEAK] : []
  return runProcess(process.execPath, [...preload, ...args], options)
}

/** Runs a script with the heap that bin/cornac gives the program. */
export function runLikeCornac(args: readonly string[], options: NodeOptions = {}): Promise<ProcessRun> {
  return runNode(['--import', SPARE_MEMORY, ...args], options)
}

/** Runs `cornac <argv>` through bin/cornac, as a shell would. */
export function runCornac(argv: readonly string[], options: NodeOptions = {}): Promise<ProcessRun> {
  // `--`: without it Node itself would act on --env-file, which is Cornac's.
  return runNode(['--', CORNAC, ...argv], options)
}
