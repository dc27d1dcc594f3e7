/** The answer of `cornac doctor` for people. */
import type { Check } from '../../../core/doctor/check.ts'
import type { Painter } from './paint.ts'
import { plural, table, wrap } from './text.ts'

const MARKS: Readonly<Record<Check['state'], string>> = { good: 'good', note: 'note', bad: 'BAD' }

/** Left of the sentences: the mark, the subject and the blanks after each. */
const INDENT = 17

/** Below this a terminal is left to break lines itself. */
const NARROWEST = 30

/** A line or more for each check, remedies below them. @param columns of the terminal */
export function describeChecks(
  checks: readonly Check[],
  healthy: boolean,
  paint: Painter,
  columns: number,
): string {
  const colour = { good: paint.good, note: paint.warn, bad: paint.bad }
  const room = columns - INDENT < NARROWEST ? Number.POSITIVE_INFINITY : columns - INDENT
  const rows = checks.flatMap(({ about, state, says, remedy }) => {
    const [first = '', ...more] = wrap(says, room)
    const advice = remedy === null ? [] : wrap(capital(remedy), room - 2)
    return [
      [colour[state](MARKS[state]), about, first],
      ...more.map((line) => ['', '', line]),
      ...advice.map((line, i) => ['', '', paint.dim(`${i === 0 ? '→' : ' '} ${line}`)]),
    ]
  })
  const bad = checks.filter(({ state }) => state === 'bad').length
  const ending = healthy ? 'Nothing is wrong.' : `${plural(bad, 'thing')} to see to.`
  return `${table([{ title: '' }, { title: '' }, { title: '' }], rows)}\n${paint.bold(ending)}\n`
}

/** Remedies come from checks and from errors, which begin differently. */
function capital(sentence: string): string {
  return `${sentence.slice(0, 1).toUpperCase()}${sentence.slice(1)}`
}
