import type { Command } from '../command.ts'
import { FILTER_OPTIONS, readLedgerFilter, type LedgerFilterOptions } from '../ledger-request.ts'
import { plural } from '../render/text.ts'
import { usageError } from '../usage-error.ts'

interface ForgetOptions extends Omit<LedgerFilterOptions, 'kind'> {
  readonly all?: true
}

/** Takes failures out of the ledger. Touches nothing of Mastodon's. */
export const ledgerForget: Command<ForgetOptions> = {
  name: 'ledger forget',
  description:
    'Forgets failures, so that the next heal asks those origins again at once. Several options narrow: all of them have to ' +
    'fit. A host asked for alone is forgotten itself, too. Nothing of Mastodon’s is touched.',
  options: [...FILTER_OPTIONS, { flags: '--all', description: 'everything: every record and every host' }],
  examples: [
    { line: 'cornac ledger forget --host files.example.org', meaning: 'its admin says that it is mended' },
    { line: 'cornac ledger forget --account alice@example.org', meaning: 'try one account again now' },
    { line: 'cornac ledger forget --outcome unreachable', meaning: 'after our own network was down' },
  ],
  exitCodes: [],
  async run(context) {
    const { all, ...narrowing } = context.options
    const filter = readLedgerFilter(narrowing)
    const isNarrow = Object.values(filter).some((value) => value !== undefined)
    if (!isNarrow && all !== true)
      throw usageError(
        'ledger forget was not told what to forget',
        'Give --host, --account or --outcome, or --all for everything',
      )
    if (isNarrow && all === true)
      throw usageError('--all leaves nothing to choose', 'Give either --all or what to forget')
    const { ledger } = await (await context.instance()).state()
    const forgotten = await ledger.forget(filter, context)
    await context.out({
      data: { forgotten },
      text: () => `Forgotten: ${plural(forgotten.records, 'record')}, ${plural(forgotten.hosts, 'host')}.\n`,
      needsPerson: false,
    })
    return 'done'
  },
}
