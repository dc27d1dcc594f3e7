/** An id that nothing is called: what could have been meant. A run is called as its plan, with `run-` before it. */
import { KnownError } from '../errors.ts'
import { runOf } from '../model/run.ts'

/** @param id of a run that is not there, or `last` */
export function noSuchRun(id: string): KnownError {
  const remedy = /^(?:prune|orphans)-\d/.test(id)
    ? `That is how a plan is called; its run, if it was applied, is ${runOf(id)}: cornac runs lists what was done`
    : 'cornac runs lists what was done'
  return new KnownError({
    code: 'no-such-run',
    ...(id === 'last'
      ? { what: 'nothing was ever applied here', remedy: 'cornac plans lists what could be applied' }
      : { what: `there is no run ${id}`, remedy }),
    category: 'usage',
  })
}

/** @param id of a plan that is not kept, or `last` */
export function noSuchPlan(id: string): KnownError {
  const makers = 'cornac prune and cornac orphans make'
  const remedy = id.startsWith('run-')
    ? `That is how a run is called; its plan is ${id.slice('run-'.length)}: cornac plans lists those that are kept`
    : `cornac plans lists those that are kept; ${makers} them`
  return new KnownError({
    code: 'no-such-plan',
    ...(id === 'last'
      ? { what: 'there is no plan yet', remedy: `${makers} one` }
      : { what: `there is no plan ${id}`, remedy }),
    category: 'usage',
  })
}
