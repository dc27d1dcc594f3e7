/** The command line: parses, runs one command, and turns whatever comes of it into output and an exit code. */
import type { Config } from '../../config/config.ts'
import type { Surroundings } from '../../config/surroundings.ts'
import type { OpenInstance } from '../../core/ports/instance.ts'
import type { ScheduleReader } from '../../core/ports/schedules.ts'
import { silentProgress } from '../../core/ports/runtime.ts'
import { COMMANDS, GROUPS, type CommandEntry } from './commands.ts'
import type { CommandContext, DemoRunner, View } from './context.ts'
import { EXIT_CODES, type ExitName } from './exit-codes.ts'
import { parse, type Parsed } from './parse.ts'
import { renderError, type RenderedError } from './render/error.ts'
import { renderJson } from './render/json.ts'
import type { Output } from './render/output.ts'
import { painterFor, plainPainter, type Painter } from './render/paint.ts'
import { drawProgress, type TerminalProgress } from './render/progress.ts'

export interface Terminal {
  readonly output: Output
  readonly isTerminal: boolean
  readonly columns: () => number
}

/** What the command line needs of the process; main.ts provides it. */
export interface CliWorld {
  /** Without the program and its script. */
  readonly argv: readonly string[]
  readonly version: string
  readonly stdout: Terminal
  readonly stderr: Terminal
  readonly surroundings: Surroundings
  /** Aborted when a person or the system asks to stop. */
  readonly signal: AbortSignal
  /** Milliseconds that never run backwards, for progress. */
  readonly now: () => number
  readonly open: (config: Config) => Promise<OpenInstance>
  /** The demo is an app of its own. */
  readonly demo: DemoRunner
  /** Reads schedules; needs no configuration. */
  readonly schedules: () => Promise<ScheduleReader>
  /** The table of commands; the program's own unless a test brings another. */
  readonly commands?: readonly CommandEntry[]
}

/** Never throws; answers with the exit code once everything is written. */
export async function runCli(world: CliWorld): Promise<number> {
  let exit: ExitName
  try {
    exit = await parseAndRun(world)
    await world.stdout.output.flush()
  } catch (error) {
    exit = await complain(world, renderError(error, plainPainter, false), { json: false, verb: null })
  }
  // A closed or full stderr has nobody to be told.
  await world.stderr.output.flush().catch(() => {})
  return EXIT_CODES[exit].code
}

async function parseAndRun(world: CliWorld): Promise<ExitName> {
  const { argv, version, commands = COMMANDS } = world
  let parsed: Parsed
  try {
    parsed = await parse({ argv, version, commands, groups: GROUPS, columns: world.stdout.columns() })
  } catch (error) {
    // The parser gave up before it knew: what was asked for can still be seen.
    const json = argv.includes('--json')
    return complain(world, renderError(error, painter(world, world.stderr, true), false), {
      json,
      verb: null,
    })
  }
  if (parsed.kind === 'run') return new CommandRun(world, parsed).run()
  await (parsed.kind === 'text' ? world.stdout : world.stderr).output.write(parsed.text)
  return parsed.kind === 'text' ? 'done' : 'usage'
}

function painter(world: CliWorld, terminal: Terminal, colour: boolean): Painter {
  const { environment } = world.surroundings
  const noColour = !colour || Boolean(environment['NO_COLOR']) || world.argv.includes('--no-color')
  return painterFor({ isTerminal: terminal.isTerminal, noColour, term: environment['TERM'] })
}

async function complain(
  world: CliWorld,
  error: RenderedError,
  { json, verb }: { readonly json: boolean; readonly verb: string | null },
): Promise<ExitName> {
  try {
    if (!json || error.defect) await world.stderr.output.write(error.text)
    if (json) {
      const pieces = renderJson({ version: world.version, verb, data: { error: error.data } })
      for await (const piece of pieces) await world.stdout.output.write(piece)
    }
  } catch {
    // Nobody is left to tell; the exit code remains.
  }
  return error.exit
}

type RunParsed = Extract<Parsed, { kind: 'run' }>

/** One command from its first call to its last line of output. */
class CommandRun implements CommandContext {
  readonly options: object
  readonly words: readonly string[]
  readonly verbose: boolean
  readonly signal: AbortSignal
  readonly progress: TerminalProgress
  readonly demo: DemoRunner
  readonly schedules: () => Promise<ScheduleReader>
  readonly surroundings: Surroundings
  readonly #world: CliWorld
  readonly #parsed: RunParsed
  #config: Promise<Config> | undefined
  #instance: Promise<OpenInstance> | undefined

  constructor(world: CliWorld, parsed: RunParsed) {
    this.#world = world
    this.#parsed = parsed
    this.options = parsed.options
    this.words = parsed.words
    this.verbose = parsed.global.verbose === true
    this.signal = world.signal
    this.progress = this.#makeProgress()
    this.demo = world.demo
    this.schedules = world.schedules
    this.surroundings = world.surroundings
  }

  async run(): Promise<ExitName> {
    const { command, global } = this.#parsed
    const stopping = (): void => this.note('Stopping. Press Ctrl-C again to stop at once.')
    this.signal.addEventListener('abort', stopping, { once: true })
    try {
      return await command.run(this)
    } catch (error) {
      this.progress.done()
      const painted = painter(this.#world, this.#world.stderr, global.color)
      const rendered = this.signal.aborted ? INTERRUPTED : renderError(error, painted, this.verbose)
      return await complain(this.#world, rendered, { json: global.json === true, verb: command.name })
    } finally {
      this.signal.removeEventListener('abort', stopping)
      this.progress.done()
      await this.#close()
    }
  }

  config(): Promise<Config> {
    this.#config ??= this.#load()
    return this.#config
  }

  instance(): Promise<OpenInstance> {
    this.#instance ??= this.#open()
    return this.#instance
  }

  async out(view: View): Promise<void> {
    const { global, command } = this.#parsed
    const { output } = this.#world.stdout
    this.progress.erase()
    if (global.json !== true && global.quiet === true && !view.needsPerson) return
    for await (const piece of this.#pieces(view, command.name)) {
      await output.write(piece)
      if (output.closed) return
    }
  }

  note(sentence: string): void {
    if (this.#parsed.global.quiet === true) return
    this.progress.erase()
    // Not awaited: a remark does not slow the work down. A failing stderr shows when it is flushed.
    this.#world.stderr.output.write(`cornac: ${sentence}\n`).catch(() => {})
  }

  async *#pieces(view: View, verb: string): AsyncGenerator<string> {
    if (this.#parsed.global.json === true) {
      yield* renderJson({ version: this.#world.version, verb, data: view.data })
      return
    }
    const { stdout } = this.#world
    const columns = stdout.isTerminal ? stdout.columns() : Number.POSITIVE_INFINITY
    const text = view.text(painter(this.#world, stdout, this.#parsed.global.color), columns)
    if (typeof text === 'string') yield text
    else yield* text
  }

  async #load(): Promise<Config> {
    const { global, overrides } = this.#parsed
    // Imported on use: help and demo need no configuration.
    const { loadConfig } = await import('../../config/load.ts')
    const options = { envFile: global.envFile, configFile: global.config, overrides }
    return loadConfig(options, this.#world.surroundings)
  }

  async #open(): Promise<OpenInstance> {
    const config = await this.config()
    for (const note of config.notes) this.note(`${note}.`.replace(/\?\.$/, '?'))
    return this.#world.open(config)
  }

  async #close(): Promise<void> {
    const opened = await this.#instance?.catch(() => undefined)
    await opened?.close()
  }

  #makeProgress(): TerminalProgress {
    const { json, quiet } = this.#parsed.global
    const { output, isTerminal, columns } = this.#world.stderr
    if (quiet === true || (json === true && !isTerminal)) return { ...silentProgress, erase() {} }
    return drawProgress({
      write: (text) => {
        output.write(text).catch(() => {})
      },
      isTerminal,
      columns,
      now: this.#world.now,
    })
  }
}

const INTERRUPTED: RenderedError = {
  exit: 'interrupted',
  text: 'cornac: Interrupted.\n',
  data: { code: 'interrupted', message: 'Interrupted', remedy: 'Run the same command again' },
  defect: false,
}
