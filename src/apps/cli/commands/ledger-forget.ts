import type { Command } from '../command.ts'
import { FILTER_OPTIONS, readFilter, type FilterOptions } from '../ledger-request.ts'
import { plural } from '../render/text.ts'
import { usageError } from '../usage-error.ts'

interface ForgetOptions extends FilterOptions {
  readonly all?: true
}

/** Takes entries out of the ledger, so that the next heal asks again. */
export const ledgerForget: Command<ForgetOptions> = {
  name: 'ledger forget',
  description:
    'Forgets failures, so that the next heal asks again without waiting: those of a host, of an account, of one outcome, of ' +
    'one kind, or all. Several filters together forget what all of them name. --host alone and --all also forget that hosts ' +
    'are in trouble. Changes nothing in Mastodon.',
  options: [...FILTER_OPTIONS, { flags: '--all', description: 'everything' }],
  examples: [
    { line: 'cornac ledger forget --host files.example.org', meaning: 'it is back: ask it again' },
    { line: 'cornac ledger forget --account bob@example.org', meaning: 'he has a new picture' },
    { line: 'cornac ledger forget --all', meaning: 'our own network was to blame for everything' },
  ],
  exitCodes: [],
  async run(context) {
    const { all, ...filters } = context.options
    refuseUnclear(filters, all === true)
    const { ledger } = await (await context.instance()).state()
    const { records, hosts } = await ledger.forget(readFilter(filters), { signal: context.signal })
    await context.out({
      data: { records, hosts },
      text: () =>
        records + hosts === 0
          ? 'Nothing in the ledger matches; nothing was forgotten.\n'
          : `Forgot ${plural(records, 'record')} and ${plural(hosts, 'host')}.\n`,
      needsPerson: false,
    })
    return 'done'
  },
}

/** Everything is only forgotten where somebody says so. */
function refuseUnclear(filters: FilterOptions, all: boolean): void {
  const [given] = Object.keys(filters)
  if (given === undefined && !all)
    throw usageError(
      'ledger forget was not told what to forget',
      'Give some of --host HOST, --account HANDLE, --outcome REASON, --kind KIND, or --all for everything',
    )
  if (given !== undefined && all)
    throw usageError(
      `--all and --${given} cannot be combined`,
      'Leave --all out to forget only what the others name',
    )
}
