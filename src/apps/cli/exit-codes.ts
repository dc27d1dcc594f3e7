/**
 * How a command ends, for scripts and schedulers. A promise: a code never changes its meaning.
 * docs/exit-codes.md is the same table for admins; a test holds them together.
 */
export const EXIT_CODES = {
  done: { code: 0, meaning: 'everything asked for was done' },
  failed: { code: 1, meaning: 'something failed that Cornac cannot do without, or a defect' },
  usage: { code: 2, meaning: 'the command line or the configuration is wrong; nothing was done' },
  findings: { code: 3, meaning: 'done, and something was found that needs a person' },
  capped: { code: 4, meaning: 'a safety cap stopped the run before it went further' },
  leased: { code: 5, meaning: 'another run holds the lease; nothing was done' },
  partial: { code: 6, meaning: 'done in part: some of it failed and is listed' },
  budget: { code: 7, meaning: 'the time or request budget was reached; the rest is left for the next run' },
  idle: { code: 8, meaning: 'nothing was there to do; only where the command was told to say so' },
  interrupted: { code: 130, meaning: 'stopped by a person or by the system' },
} as const

export type ExitName = keyof typeof EXIT_CODES

export const EXIT_NAMES = Object.keys(EXIT_CODES) as readonly ExitName[]

/** The ways every command can end. */
export const COMMON_EXITS: readonly ExitName[] = ['done', 'failed', 'usage', 'interrupted']
