import { explainLedger } from '../../../core/report/ledger.ts'
import type { Command } from '../command.ts'
import { readThing } from '../ledger-request.ts'
import { explain } from '../render/ledger-text.ts'
import { hostData, recordData } from './ledger.ts'

/** An account has a few records, a host may have thousands. */
const EXPLAINED_RECORDS = 20

/** What was tried of one thing, how it ended, and when it is tried again and why then. Changes nothing. */
export const ledgerExplain: Command = {
  name: 'ledger explain',
  description:
    'Says in sentences what heal remembers of one account, host or record: what was tried, when, how it ended, when it is ' +
    'tried again, and why then. Changes nothing.',
  arguments: [
    {
      name: '<thing>',
      description: 'user@example.org, a host such as example.org, kind:id as listed, or the page of a card',
    },
  ],
  examples: [
    { line: 'cornac ledger explain bob@example.org', meaning: 'why is this profile picture still missing?' },
    { line: 'cornac ledger explain files.example.org', meaning: 'why is this host left in peace?' },
    { line: 'cornac ledger explain avatar:109331145678901234', meaning: 'one record' },
  ],
  exitCodes: [],
  async run(context) {
    const [word = ''] = context.words
    const thing = readThing(word)
    const instance = await context.instance()
    const { ledger } = await instance.state()
    const known = await explainLedger(ledger, thing, EXPLAINED_RECORDS, { signal: context.signal })
    const nowMs = instance.clock.now()
    await context.out({
      data: {
        thing: word,
        host: known.host === null ? null : hostData(known.host),
        records: known.records.map(({ entry, wait, host }) => {
          return {
            ...recordData(entry, nowMs),
            wait_seconds: Math.round(wait.ms / 1000),
            asked_by_origin: wait.asked,
            host_rests_until: host === null ? null : hostData(host)['rests_until'],
          }
        }),
        more: known.more,
      },
      text: (paint) => explain(word, known, nowMs, paint),
      needsPerson: false,
    })
    return 'done'
  },
}
