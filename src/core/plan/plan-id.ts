import type { PlanVerb } from '../model/plan.ts'

/** `prune-20261121T141952-3fa9`: sorts by time, can be typed. @param chance at least four random hexadecimal digits */
export function planId(verb: PlanVerb, madeAtMs: number, chance: string): string {
  const time = new Date(madeAtMs).toISOString().replaceAll(/[-:]|\.\d+Z$/g, '')
  return `${verb}-${time}-${chance.slice(0, 4)}`
}
