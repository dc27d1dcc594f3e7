/** Which records a prune would let go, and why the others stay: statements that only read. */
import type { Pool } from 'pg'
import { keepRulesFor, type PruneKind, type PrunePolicy } from '../../core/model/prune-policy.ts'
import type { PruneVerdict } from '../../core/model/prune-candidate.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { PruneSource } from '../../core/ports/prune.ts'
import { ask } from '../postgres/ask.ts'
import { askAhead } from './ask-ahead.ts'
import { askPage } from './ask-page.ts'
import { countNamed } from './count-named.ts'
import { countPrunable } from './count-prunable.ts'
import { joinPages } from './join-pages.ts'
import { pagesOf } from './prune-pages.ts'
import { PRUNE_SIZES, type PruneReading, type PruneSizes } from './prune-reading.ts'
import { prunableRows, rulesThatHold } from './queries/prunable-rows.ts'
import { toCandidate } from './to-candidates.ts'

/** `sizes` are for tests of the seams between pages. */
export function openPruneSource(
  pool: Pool,
  schema: SchemaFacts,
  sizes: PruneSizes = PRUNE_SIZES,
): PruneSource {
  return {
    candidates: (policy, options) =>
      joinPages(
        askAhead(
          pagesOf({ pool, schema, sizes, options }, policy, options?.after),
          1,
          async ({ kinds, page, position }) => {
            const { text, values } = prunableRows(kinds, policy, page, schema)
            const rows = await askPage(pool, text, values, options)
            return { candidates: rows.map((row) => toCandidate(kinds, row)), position }
          },
        ),
        sizes.together,
      ),
    explain: (kind, id, policy, options) => explain({ pool, schema, sizes, options }, kind, id, policy),
    count: (policy, options) => countPrunable({ pool, schema, sizes, options }, policy),
    named: (kinds, options) => countNamed({ pool, schema, sizes, options }, kinds),
  }
}

async function explain(
  reading: PruneReading,
  kind: PruneKind,
  id: string,
  policy: PrunePolicy,
): Promise<PruneVerdict> {
  const { pool, schema, options } = reading
  const rules = keepRulesFor(policy, kind, schema.has)
  const asked = rulesThatHold(kind, id, policy, rules)
  const [holds] = await ask(pool, asked.text, asked.values, options)
  if (holds === undefined) return { verdict: 'absent' }
  const because = rules.filter((_, at) => holds[at] === true)
  if (because.length > 0) return { verdict: 'kept', because }
  const { text, values } = prunableRows([kind], policy, { ids: [id] }, schema)
  const [row] = await askPage(pool, text, values, options)
  // Changed between the two statements: asked again, the row tells why.
  if (row === undefined) return explain(reading, kind, id, policy)
  return { verdict: 'let-go', candidate: toCandidate([kind], row) }
}
