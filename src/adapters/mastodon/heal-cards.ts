/** Preview cards that have or had an image, newest first. */
import type { HealTarget } from '../../core/model/heal-target.ts'
import { ask } from '../postgres/ask.ts'
import type { HealReading } from './heal-reading.ts'
import { AFTER_ALL_IDS } from './id-list.ts'
import { cardTargetsBelow } from './queries/card-targets.ts'
import { cardTarget } from './to-targets.ts'

export async function* cardTargets({
  pool,
  schema,
  sizes,
  options,
}: HealReading): AsyncGenerator<HealTarget[]> {
  const text = cardTargetsBelow(schema)
  let before = AFTER_ALL_IDS
  for (;;) {
    const targets = (await ask(pool, text, [before, sizes.targets], options)).map(cardTarget)
    yield targets
    const last = targets.at(-1)
    if (last === undefined || targets.length < sizes.targets) return
    before = last.record.id
  }
}
