import type { Check } from '../../../core/doctor/check.ts'
import { examine } from '../../../core/doctor/examine.ts'
import type { Config } from '../../../config/config.ts'
import type { Command } from '../command.ts'
import type { Painter } from '../render/paint.ts'
import { plural, table, wrap } from '../render/text.ts'

/** Opens everything and says what is wrong with it. Changes nothing. */
export const doctor: Command = {
  name: 'doctor',
  description:
    'Connects to the database, to storage and to Redis; names the Mastodon version; checks rights, clocks, retention ' +
    'settings and whether Mastodon’s own vacuum keeps up, whether storage holds what the database names, and how long ' +
    'Sidekiq’s queues are. Every problem comes with what to do. Writes nothing.',
  examples: [
    { line: 'cornac doctor', meaning: 'before anything else' },
    { line: 'cornac doctor --quiet', meaning: 'from cron: says something only if something is wrong' },
    { line: 'cornac doctor --json', meaning: 'for a monitoring system' },
  ],
  exitCodes: ['findings'],
  async run(context) {
    const config = await context.config()
    const report = await examine(await context.instance(), [aboutSettings(config)], {
      signal: context.signal,
    })
    await context.out({
      data: { ...report },
      text: (paint, columns) => describe(report.checks, report.healthy, paint, columns),
      needsPerson: !report.healthy,
    })
    return report.healthy ? 'done' : 'findings'
  },
}

function aboutSettings({ sources, instance }: Config): Check {
  return {
    about: 'settings',
    state: 'good',
    says: `${instance.localDomain}, from ${sources.envFile ?? 'the environment'}${sources.configFile === null ? '' : ` and ${sources.configFile}`}`,
    remedy: null,
  }
}

const MARKS: Readonly<Record<Check['state'], string>> = { good: 'good', note: 'note', bad: 'BAD' }

/** Left of the sentences: the mark, the subject and the blanks after each. */
const INDENT = 17

/** Below this a terminal is left to break lines itself. */
const NARROWEST = 30

function describe(checks: readonly Check[], healthy: boolean, paint: Painter, columns: number): string {
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
