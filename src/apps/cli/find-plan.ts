import type { Plan } from '../../core/model/plan.ts'
import { noSuchPlan } from '../../core/report/no-such.ts'
import type { CommandContext } from './context.ts'
import { usageError } from './usage-error.ts'

/** A kept plan by its id, or the newest with `last`. @throws KnownError if there is none */
export async function findPlan(context: CommandContext, id: string): Promise<Plan> {
  const instance = await context.instance()
  const { plans } = await instance.state()
  const plan = await plans.find(instance.name, id, { signal: context.signal })
  if (plan !== null) return plan
  throw noSuchPlan(id)
}

/** The one word after a verb. @throws KnownError of category `usage` if it is not there, or not alone */
export function onlyWord(words: readonly string[], missing: { what: string; remedy: string }): string {
  const [word, ...others] = words
  if (word === undefined || word.trim() === '') throw usageError(missing.what, missing.remedy)
  if (others.length > 0) throw usageError(`${others.join(' ')} is one word too many`, missing.remedy)
  return word.trim()
}
