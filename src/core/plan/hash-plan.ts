/**
 * The seal of a plan: SHA-256 over its canonical JSON. A plan goes through files, PostgreSQL's jsonb and people's hands; jsonb
 * orders keys anew and writes numbers its own way, so neither may matter.
 */
import { createHash } from 'node:crypto'
import type { Plan, PlanDraft } from '../model/plan.ts'

/** Hexadecimal. @throws TypeError if something in the draft is not plain JSON */
export function hashPlan(draft: PlanDraft): string {
  return createHash('sha256').update(canonicalJson(draft)).digest('hex')
}

/** The plan with its hash. Nothing of it may be changed afterwards. */
export function sealPlan(draft: PlanDraft): Plan {
  return { ...draft, hash: hashPlan(draft) }
}

/** The plan is as it was sealed. Never throws: whatever cannot be a plan is not intact. */
export function isIntact(plan: Plan): boolean {
  const { hash, ...draft } = plan
  try {
    return hash === hashPlan(draft)
  } catch {
    return false
  }
}

/**
 * JSON with the keys of every object in order, and those that are undefined left out, as JSON itself does. Numbers are
 * written as JavaScript writes the number they stand for, whichever way they were spelled, and minus zero as zero.
 */
function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value)
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no place in a plan`)
      return JSON.stringify(value)
    case 'object':
      if (value === null) return 'null'
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
      return `{${membersOf(value).join(',')}}`
    default:
      throw new TypeError(`a ${typeof value} has no place in a plan`)
  }
}

function membersOf(value: object): readonly string[] {
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`)
}
