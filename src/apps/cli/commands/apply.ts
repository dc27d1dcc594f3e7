import { LIMIT_OPTIONS, OVERRIDE_OPTIONS, type OverrideOptions } from '../apply-request.ts'
import { applyKept, exitOf, resultData } from '../carry-out.ts'
import type { Command } from '../command.ts'
import { findPlan, onlyWord } from '../find-plan.ts'
import { planData } from '../plan-data.ts'
import { describeApply } from '../render/apply-text.ts'

/** Does what a kept plan says. */
export const apply: Command<OverrideOptions> = {
  name: 'apply',
  description:
    'Does what a plan of cornac prune or cornac orphans says. Everything is looked at again at this moment: what became live since ' +
    'then is left alone, and if the world has moved too far, it stops before the first change. Goes on with a run of the plan that ' +
    'was interrupted. Ctrl-C lets the batch under way finish.',
  arguments: [{ name: '<plan>', description: 'the id of a plan, or last for the newest' }],
  options: [...LIMIT_OPTIONS, ...OVERRIDE_OPTIONS],
  examples: [
    { line: 'cornac apply last', meaning: 'the plan that was made last' },
    {
      line: 'cornac apply prune-20261121T141952-3fa9 --max-duration 2h',
      meaning: 'for two hours; the same line goes on with it',
    },
  ],
  exitCodes: ['capped', 'leased', 'partial', 'budget'],
  async run(context) {
    const id = onlyWord(context.words, {
      what: 'apply was not told which plan to apply',
      remedy: 'Name one, or last: cornac plans lists them',
    })
    const plan = await findPlan(context, id)
    const result = await applyKept(context, plan, 'person')
    const end = exitOf(result)
    await context.out({
      data: { plan: planData(plan, true), ...resultData(result) },
      text: (paint) => describeApply(plan, result, context.verbose, paint),
      needsPerson: end === 'partial',
    })
    return end
  },
}
