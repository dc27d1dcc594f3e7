/**
 * The table of commands, in the order of the help. Adding one: a file in `commands/` that exports a `Command`, and a line
 * here. A command's file is only imported when it is called, so the list stays quick.
 */
import type { Command } from './command.ts'

export interface CommandEntry {
  /** One or two words. */
  readonly name: string
  /** One line for the list, without a full stop. */
  readonly summary: string
  load(): Promise<Command>
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'config check',
    summary: 'show what Cornac understood from Mastodon’s settings and its own',
    load: async () => (await import('./commands/config-check.ts')).configCheck,
  },
]

/** What the first word of two-word commands stands for. */
export const GROUPS: Readonly<Record<string, string>> = {
  config: 'settings: Mastodon’s and Cornac’s own',
}
