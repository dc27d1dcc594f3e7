import { explainLedger, readLedgerThing } from '../../../core/report/ledger-thing.ts'
import type { Command } from '../command.ts'
import { limitOption } from '../ledger-request.ts'
import { explainInSentences } from '../render/ledger-text.ts'
import { usageError } from '../usage-error.ts'

const EXPLAINED = 20

/** What was tried for one thing, and what comes next. Changes nothing. */
export const ledgerExplain: Command<{ readonly limit?: number }> = {
  name: 'ledger explain',
  description:
    'Says of an account, a host or a record what was tried and when, how it ended, and when and why it is tried again. ' +
    'Changes nothing.',
  arguments: [
    {
      name: '<thing>',
      description: 'user@domain, a host, kind:id (avatar:109), or the page of a preview card',
    },
  ],
  options: [limitOption(EXPLAINED)],
  examples: [
    { line: 'cornac ledger explain alice@example.org', meaning: 'why is her avatar still grey?' },
    { line: 'cornac ledger explain files.example.org', meaning: 'is this origin being left in peace?' },
    { line: 'cornac ledger explain avatar:109343453121', meaning: 'one record, by kind and id' },
  ],
  exitCodes: [],
  async run(context) {
    const [word = ''] = context.words
    const thing = readLedgerThing(word)
    if (thing === undefined)
      throw usageError(
        `${JSON.stringify(word)} is no account, host or record`,
        'Give user@domain, a host such as files.example.org, or kind:id such as avatar:109',
      )
    const instance = await context.instance()
    const { ledger } = await instance.state()
    const explanation = await explainLedger(ledger, thing, context.options.limit ?? EXPLAINED, context)
    await context.out({
      data: { asked: word, ...explanation },
      text: () => explainInSentences(word, explanation, instance.clock.now()),
      needsPerson: false,
    })
    return 'done'
  },
}
