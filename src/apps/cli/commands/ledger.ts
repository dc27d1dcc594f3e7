import type { HostEntry, LedgerEntry } from '../../../core/ports/state.ts'
import { readLedger } from '../../../core/report/ledger.ts'
import type { Command } from '../command.ts'
import { FILTER_OPTIONS, readFilter, type FilterOptions } from '../ledger-request.ts'
import { iso } from '../render/json.ts'
import { describeLedger } from '../render/ledger-text.ts'

interface LedgerOptions extends FilterOptions {
  readonly limit?: number
}

const LISTED_RECORDS = 20

/** Who said no, and when they are asked again. Changes nothing. */
export const ledger: Command<LedgerOptions> = {
  name: 'ledger',
  description:
    'Shows what heal remembers of failures: hosts in trouble and until when they are left in peace, how many records ended ' +
    'how and how many of them may be tried again, and the records that come next. Changes nothing; works with a database ' +
    'user that may only read, and before there is anything to show.',
  options: [
    ...FILTER_OPTIONS,
    {
      flags: '--limit <count>',
      description: `list that many records (default: ${LISTED_RECORDS})`,
      read: (text) => (/^\d{1,6}$/.test(text.trim()) ? Number(text) : undefined),
      expects: 'a whole number up to 999999',
    },
  ],
  examples: [
    { line: 'cornac ledger', meaning: 'hosts in trouble, counts, and what is tried next' },
    { line: 'cornac ledger --host files.example.org', meaning: 'what this host was asked for' },
    { line: 'cornac ledger --outcome gone --limit 1000 --json', meaning: 'a list for a script' },
  ],
  exitCodes: [],
  async run(context) {
    const { options, signal } = context
    const instance = await context.instance()
    const { ledger: book } = await instance.state()
    const report = await readLedger(book, readFilter(options), options.limit ?? LISTED_RECORDS, { signal })
    const nowMs = instance.clock.now()
    await context.out({
      data: {
        hosts: report.hosts.map(hostData),
        outcomes: report.outcomes,
        records: report.records.map((entry) => recordData(entry, nowMs)),
        more: report.more,
      },
      text: (paint) => describeLedger(report, nowMs, paint),
      needsPerson: false,
    })
    return 'done'
  },
}

/** A host in trouble, in JSON. */
export function hostData({ lastTriedAtMs, restsUntilMs, ...entry }: HostEntry): Record<string, unknown> {
  return {
    ...entry,
    last_tried: iso(lastTriedAtMs),
    rests_until: iso(restsUntilMs),
  }
}

/** A record that could not be healed, in JSON; `due` at `nowMs`. */
export function recordData(
  { firstTriedAtMs, lastTriedAtMs, nextTryAtMs, ...entry }: LedgerEntry,
  nowMs: number,
): Record<string, unknown> {
  return {
    ...entry,
    first_tried: iso(firstTriedAtMs),
    last_tried: iso(lastTriedAtMs),
    next_try: iso(nextTryAtMs),
    due: nextTryAtMs <= nowMs,
  }
}
