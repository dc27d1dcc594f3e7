import { runOf } from '../../../core/model/run.ts'
import type { Command } from '../command.ts'
import { findPlan, onlyWord } from '../find-plan.ts'
import { LIST_OPTIONS, LISTED, type ListOptions } from '../list-options.ts'
import { planData } from '../plan-data.ts'
import { iso } from '../render/json.ts'
import { describePlan } from '../render/plan-text.ts'
import { describePlans } from '../render/runs-text.ts'

/** Plans that are kept, or one of them again. Changes nothing. */
export const plans: Command<ListOptions> = {
  name: 'plans',
  description:
    'Lists the plans that cornac prune and cornac orphans made, the newest first, and whether they were applied; or shows one of ' +
    'them again as it was made. Changes nothing. Works with a database user that may only read, and before there is anything to show.',
  arguments: [{ name: '[plan]', description: 'the id of a plan to show again, or last for the newest' }],
  options: LIST_OPTIONS,
  examples: [
    { line: 'cornac plans', meaning: 'what was planned, and what came of it' },
    { line: 'cornac plans last --verbose', meaning: 'the newest plan again, with all its samples' },
  ],
  exitCodes: [],
  async run(context) {
    const { signal, options, verbose } = context
    const instance = await context.instance()
    const { plans: store, runs } = await instance.state()
    if (context.words.length > 0) {
      const id = onlyWord(context.words, { what: 'plans shows one plan', remedy: 'Name one, or last' })
      const plan = await findPlan(context, id)
      const { prices } = await context.config()
      const run = (await runs.find(instance.name, runOf(plan.id), { signal }))?.state ?? null
      await context.out({
        data: { plan: planData(plan, true) },
        text: (paint) =>
          describePlan({ plan, kept: true, run, verbose, prices, obstacles: [], besides: [] }, paint),
        needsPerson: false,
      })
      return 'done'
    }
    const limit = options.limit ?? LISTED
    const lines = await store.list(instance.name, limit + 1, { signal })
    const shown = lines.slice(0, limit)
    await context.out({
      data: {
        plans: shown.map(({ id, verb, madeAtMs, files, run }) => {
          return { id, verb, made: iso(madeAtMs), files: files.count, bytes: files.bytes, run }
        }),
        more: lines.length > limit,
      },
      text: (paint) => describePlans(shown, lines.length > limit, paint),
      needsPerson: false,
    })
    return 'done'
  },
}
