/** Preview cards that have or had an image, newest first. */
import type { Pool } from 'pg'
import type { HealTarget } from '../../core/model/heal-target.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'
import { AFTER_ALL_IDS } from './id-list.ts'
import { cardTargetsBelow } from './queries/card-targets.ts'
import { cardTarget } from './to-targets.ts'

export async function* cardTargets(
  pool: Pool,
  schema: SchemaFacts,
  pageRows: number,
  options: CallOptions | undefined,
): AsyncGenerator<HealTarget[]> {
  const text = cardTargetsBelow(schema)
  let before = AFTER_ALL_IDS
  for (;;) {
    const targets = (await ask(pool, text, [before, pageRows], options)).map(cardTarget)
    yield targets
    const last = targets.at(-1)
    if (last === undefined || targets.length < pageRows) return
    before = last.record.id
  }
}
