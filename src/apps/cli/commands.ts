/**
 * The table of commands, in the order of the help. Adding one: a file in `commands/` that exports a `Command`, and a line
 * here. A command's file is only imported when it is called, so the list stays quick.
 */
import type { Command } from './command.ts'

export interface CommandEntry {
  /** One or two words. A first word that is a command itself comes before its two-word commands. */
  readonly name: string
  /** One line for the list, without a full stop. */
  readonly summary: string
  load(): Promise<Command>
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'doctor',
    summary: 'look at the whole server: is everything in reach, and does it fit together?',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    name: 'usage',
    summary: 'how much there is of what: the database’s figures beside measured ones',
    load: async () => (await import('./commands/usage.ts')).usage,
  },
  {
    name: 'scan',
    summary: 'compare rows with storage: what is missing, orphaned, unreadable, mismatched',
    load: async () => (await import('./commands/scan.ts')).scan,
  },
  {
    name: 'heal',
    summary: 'bring broken pictures back from their origins',
    load: async () => (await import('./commands/heal.ts')).heal,
  },
  {
    name: 'prune',
    summary: 'let go of copies that nobody here would miss; shows a plan and stops',
    load: async () => (await import('./commands/prune.ts')).prune,
  },
  {
    name: 'orphans',
    summary: 'take files away that no row claims; shows a plan and stops',
    load: async () => (await import('./commands/orphans.ts')).orphans,
  },
  {
    name: 'plans',
    summary: 'what was planned, and whether it was applied',
    load: async () => (await import('./commands/plans.ts')).plans,
  },
  {
    name: 'apply',
    summary: 'do what a plan says',
    load: async () => (await import('./commands/apply.ts')).apply,
  },
  {
    name: 'runs',
    summary: 'what was applied, and what can be taken back',
    load: async () => (await import('./commands/runs.ts')).runs,
  },
  {
    name: 'undo',
    summary: 'take a run back',
    load: async () => (await import('./commands/undo.ts')).undo,
  },
  {
    name: 'ledger',
    summary: 'who said no, and when they are asked again',
    load: async () => (await import('./commands/ledger.ts')).ledger,
  },
  {
    name: 'ledger explain',
    summary: 'what was tried of one account, host or record, and when it is tried again',
    load: async () => (await import('./commands/ledger-explain.ts')).ledgerExplain,
  },
  {
    name: 'ledger forget',
    summary: 'ask again without waiting',
    load: async () => (await import('./commands/ledger-forget.ts')).ledgerForget,
  },
  {
    name: 'lint',
    summary: 'what is wrong with how this server is maintained: cron tables, timers, scripts, containers',
    load: async () => (await import('./commands/lint.ts')).lintCommand,
  },
  {
    name: 'setup',
    summary: 'make the tables in which Cornac remembers, or bring them up to date',
    load: async () => (await import('./commands/setup.ts')).setup,
  },
  {
    name: 'demo',
    summary: 'a small Mastodon falls into the prune-profiles trap and is healed; touches nothing else',
    load: async () => (await import('./commands/demo.ts')).demo,
  },
  {
    name: 'config check',
    summary: 'show what Cornac understood from Mastodon’s settings and its own',
    load: async () => (await import('./commands/config-check.ts')).configCheck,
  },
]

/** What the first word of two-word commands stands for, where it is no command itself. */
export const GROUPS: Readonly<Record<string, string>> = {
  config: 'settings: Mastodon’s and Cornac’s own',
}
