/** What a command of the command line is: data, and one function that calls core. */
import type { OwnSettingPath } from '../../config/own-settings.ts'
import type { CommandContext } from './context.ts'
import type { ExitName } from './exit-codes.ts'

export interface CommandOption {
  /** As shown in help: `--domain <name>`, `-n, --count <n>`, `--verbose-list`. */
  readonly flags: string
  /** A short phrase without a full stop. */
  readonly description: string
  /**
   * Turns the text into a value; undefined refuses it, with `expects` as the remedy. Without it the text is the value
   * (`true` for a flag without an argument).
   */
  readonly read?: (text: string) => unknown
  /** Completes "Give …": `a whole number`. Needed with `read`. */
  readonly expects?: string
  /** May be given more than once; the value is then a list, empty if the option is absent. */
  readonly repeatable?: boolean
  /** The option overrides this setting of cornac.yaml and appears in the configuration, not among the options. */
  readonly setting?: OwnSettingPath
}

export interface CommandArgument {
  /** As shown in help: `<thing>`, `[kind...]`. */
  readonly name: string
  readonly description: string
}

export interface CommandExample {
  readonly line: string
  readonly meaning: string
}

/** One verb. `Options` are the values under the camel-cased names of the flags. */
export interface Command<Options extends object = object> {
  /** One or two words: `scan`, `config check`; the same as in the table of commands. */
  readonly name: string
  readonly description: string
  readonly arguments?: readonly CommandArgument[]
  readonly options?: readonly CommandOption[]
  readonly examples: readonly CommandExample[]
  /** The ends this command has besides `COMMON_EXITS`. */
  readonly exitCodes: readonly ExitName[]
  /** Calls core, hands the result to `context.out`, and says how it ended. Throws what stops the work. */
  run(context: CommandContext<Options>): Promise<ExitName>
}
