import type { CommandOption } from './command.ts'

/** The options of verbs that list what is kept: plans, runs. */
export interface ListOptions {
  readonly limit?: number
}

/** Lines of a list unless told. */
export const LISTED = 20

/** As flags. */
export const LIST_OPTIONS: readonly CommandOption[] = [
  {
    flags: '--limit <count>',
    description: `list that many (default: ${LISTED})`,
    read: (text) => (/^[1-9]\d{0,4}$/.test(text.trim()) ? Number(text) : undefined),
    expects: 'a whole number from 1 to 99999',
  },
]
