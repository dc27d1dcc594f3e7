import { reportLedger } from '../../../core/report/ledger.ts'
import type { Command } from '../command.ts'
import {
  FILTER_OPTIONS,
  KIND_OPTION,
  limitOption,
  readLedgerFilter,
  type LedgerFilterOptions,
} from '../ledger-request.ts'
import { describeLedger } from '../render/ledger-text.ts'

interface LedgerOptions extends LedgerFilterOptions {
  readonly limit?: number
}

const LISTED = 20

/** Who said no, and when they are asked again. Changes nothing. */
export const ledger: Command<LedgerOptions> = {
  name: 'ledger',
  description:
    'Shows what heal remembers of failures: hosts that do not answer as they should and are left in peace, how many records ' +
    'could not be healed and why, and which of them are tried next. Changes nothing.',
  options: [...FILTER_OPTIONS, KIND_OPTION, limitOption(LISTED)],
  examples: [
    { line: 'cornac ledger', meaning: 'hosts in trouble, counts, and what is tried next' },
    { line: 'cornac ledger --host files.example.org', meaning: 'what one origin owes' },
    {
      line: 'cornac ledger --outcome gone --limit 1000 --json',
      meaning: 'what is lost for good, for a script',
    },
  ],
  exitCodes: [],
  async run(context) {
    const { signal, options } = context
    const instance = await context.instance()
    const state = await instance.state()
    const request = { filter: readLedgerFilter(options), limit: options.limit ?? LISTED }
    const report = await reportLedger(state.ledger, request, { signal })
    await context.out({
      data: { ...report },
      text: (paint) => describeLedger(report, instance.clock.now(), paint),
      needsPerson: false,
    })
    return 'done'
  },
}
