/** The command line into a command and its values. Only the file of the command that is called is imported. */
import { Command as Parser, CommanderError, Option } from 'commander'
import type { Overrides } from '../../config/read-own-settings.ts'
import type { Command, CommandOption } from './command.ts'
import type { CommandEntry } from './commands.ts'
import { COMMON_EXITS, EXIT_CODES, EXIT_NAMES, type ExitName } from './exit-codes.ts'
import { fromCommander, usageError } from './usage-error.ts'

export interface GlobalOptions {
  readonly envFile?: string
  readonly config?: string
  readonly json?: true
  readonly quiet?: true
  readonly verbose?: true
  readonly color: boolean
}

/** What to do: run a command, or only show a text (help, version). */
export type Parsed =
  | {
      readonly kind: 'run'
      readonly command: Command
      readonly global: GlobalOptions
      readonly options: object
      readonly words: readonly string[]
      readonly overrides: Overrides
    }
  | { readonly kind: 'text'; readonly text: string }
  /** No verb was given: the help, as a complaint. */
  | { readonly kind: 'nothing'; readonly text: string }

export interface ParseInput {
  /** Without the program and its script. */
  readonly argv: readonly string[]
  readonly version: string
  readonly commands: readonly CommandEntry[]
  readonly groups: Readonly<Record<string, string>>
  /** Characters per line of help. */
  readonly columns: number
}

/** Throws a `KnownError` of category `usage`. */
export async function parse(input: ParseInput): Promise<Parsed> {
  const parsing = new Parsing(input)
  try {
    await parsing.program.parseAsync(helpLast(input.argv), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.help') return { kind: 'nothing', text: parsing.written }
    if (error.exitCode === 0) return { kind: 'text', text: parsing.written }
    throw fromCommander(error, parsing.knownWords())
  }
  return parsing.result ?? { kind: 'nothing', text: parsing.program.helpInformation() }
}

/** `help scan` is `scan --help`: one way to show it, after the command's file was read. */
function helpLast(argv: readonly string[]): readonly string[] {
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv
}

class Parsing {
  readonly program: Parser
  result: Parsed | undefined
  written = ''
  readonly #input: ParseInput
  #current: Parser

  constructor(input: ParseInput) {
    this.#input = input
    this.program = this.#settle(new Parser('cornac'))
    this.#current = this.program
    this.program
      .description(
        'Keeps the remote media cache of a Mastodon server: finds what is broken and brings it back.',
      )
      .version(input.version, '-V, --version', 'show the version')
      .option('--env-file <file>', 'Mastodon’s .env.production (found in the usual places if not given)')
      .option('--config <file>', 'cornac.yaml (optional)')
      .option('--json', 'answer in JSON')
      .option('--quiet', 'show only what needs a person')
      .option('--verbose', 'show more detail')
      .option('--no-color', 'no colours')
      .addHelpText('after', `\nExit codes:\n${exitTable(EXIT_NAMES)}`)
    for (const entry of input.commands) this.#addEntry(entry)
  }

  /** For suggestions, from where the parser stands. */
  knownWords(): { verb: string; verbs: readonly string[]; flags: readonly string[] } {
    const options = [...this.#current.options, ...this.program.options]
    return {
      verb: pathOf(this.#current),
      verbs: this.#current.commands.map((command) => command.name()),
      flags: ['--help', ...options.map((option) => option.long ?? '')],
    }
  }

  #settle(parser: Parser): Parser {
    return parser
      .helpOption('-h, --help', 'show this help')
      .helpCommand(false)
      .exitOverride()
      .showSuggestionAfterError(false)
      .configureHelp({ showGlobalOptions: true, helpWidth: this.#input.columns })
      .configureOutput({
        writeOut: (text) => (this.written += text),
        writeErr: (text) => (this.written += text),
        outputError: () => {},
      })
      .hook('preSubcommand', async (parent, sub) => {
        this.#current = sub
        // The second word follows at once: options after it are the second command's, and none the first's.
        if (sub.commands.some((command) => command.name() === parent.args[1])) return
        const entry = this.#input.commands.find(({ name }) => name === pathOf(sub))
        if (entry !== undefined) this.#declare(sub, await entry.load())
      })
  }

  #addEntry({ name, summary }: CommandEntry): void {
    const words = name.split(' ')
    const last = words.pop() ?? name
    let parent = this.program
    for (const word of words) {
      const known = parent.commands.find((command) => command.name() === word)
      parent = known ?? this.#child(parent, word, this.#input.groups[word] ?? '')
      parent.enablePositionalOptions()
    }
    this.#child(parent, last, summary).action(() => {})
  }

  #child(parent: Parser, word: string, summary: string): Parser {
    const child = this.#settle(new Parser(word)).summary(summary).description(sentence(summary))
    parent.addCommand(child)
    return child
  }

  /** `ledger --host a forget`: read for the first command, an option would be lost on the second. */
  #refuseMisplaced(parser: Parser): void {
    const { parent } = parser
    if (parent === null || parent === this.program) return
    const given = parent.options.find((option) => {
      return parent.getOptionValueSource(option.attributeName()) === 'cli'
    })
    if (given !== undefined)
      throw usageError(
        `${given.long} stands before the command it is meant for`,
        `Write it after cornac ${pathOf(parser)}`,
      )
  }

  #declare(parser: Parser, command: Command): void {
    parser.description(command.description)
    for (const { name, description } of command.arguments ?? []) parser.argument(name, description)
    const options = (command.options ?? []).map((option) => ({ option, parsed: declareOption(option) }))
    for (const { parsed } of options) parser.addOption(parsed)
    parser.addHelpText('after', afterHelp(command))
    parser.action(() => {
      this.#refuseMisplaced(parser)
      const overrides: Record<string, { text: string; flag: string }> = {}
      const values: Record<string, unknown> = { ...parser.opts() }
      for (const { option, parsed } of options) {
        const name = parsed.attributeName()
        if (option.setting === undefined) continue
        const text = values[name]
        if (typeof text === 'string') overrides[option.setting] = { text, flag: parsed.long ?? name }
        delete values[name]
      }
      this.result = {
        kind: 'run',
        command,
        global: this.program.opts<GlobalOptions>(),
        options: values,
        words: parser.args,
        overrides,
      }
    })
  }
}

function declareOption(option: CommandOption): Option {
  const parsed = new Option(option.flags, option.description)
  if (option.repeatable === true) parsed.default([], 'none')
  // A switch has no text to read, and `--no-…` is one.
  if (parsed.isBoolean() || parsed.negate) return parsed
  return parsed.argParser((text: string, before: unknown) => {
    const value = option.read === undefined ? text : option.read(text)
    if (value === undefined) {
      throw usageError(
        `${parsed.long ?? option.flags} cannot be ${JSON.stringify(text)}`,
        `Give ${option.expects}`,
      )
    }
    return option.repeatable === true && Array.isArray(before) ? [...before, value] : value
  })
}

/** The words of a parser below the program: `config check`. */
function pathOf(parser: Parser): string {
  return parser.parent === null ? '' : `${pathOf(parser.parent)} ${parser.name()}`.trim()
}

function sentence(phrase: string): string {
  return phrase === '' ? '' : `${phrase[0]?.toUpperCase()}${phrase.slice(1)}.`
}

function afterHelp(command: Command): string {
  const ends = EXIT_NAMES.filter((name) => COMMON_EXITS.includes(name) || command.exitCodes.includes(name))
  const examples = command.examples.map(({ line, meaning }) => `  ${line}\n      ${meaning}\n`).join('')
  return `${examples === '' ? '' : `\nExamples:\n${examples}`}\nExit codes:\n${exitTable(ends)}`
}

function exitTable(names: readonly ExitName[]): string {
  return names
    .map((name) => `  ${String(EXIT_CODES[name].code).padStart(3)}  ${EXIT_CODES[name].meaning}`)
    .join('\n')
}
