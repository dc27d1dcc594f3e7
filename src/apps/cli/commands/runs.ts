import { noSuchRun } from '../../../core/report/no-such.ts'
import { readRun } from '../../../core/report/runs.ts'
import type { Command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import type { ExitName } from '../exit-codes.ts'
import { onlyWord } from '../find-plan.ts'
import { LIST_OPTIONS, LISTED, type ListOptions } from '../list-options.ts'
import { runData } from '../plan-data.ts'
import { describeRun, describeRuns } from '../render/runs-text.ts'

/** What was applied, and what can be taken back. Changes nothing. */
export const runs: Command<ListOptions> = {
  name: 'runs',
  description:
    'Lists what was applied, the newest first; or tells of one run what it let go, what storage refused, and whether it can be taken ' +
    'back and until when. Changes nothing. Works with a database user that may only read, and before there is anything to show.',
  arguments: [
    { name: '[run]', description: 'the id of a run to tell of, or last for the one that began last' },
  ],
  options: LIST_OPTIONS,
  examples: [
    { line: 'cornac runs', meaning: 'what was done' },
    { line: 'cornac runs last', meaning: 'the run that began last' },
  ],
  exitCodes: [],
  async run(context) {
    return context.words.length > 0 ? one(context) : all(context)
  },
}

async function all(context: CommandContext<ListOptions>): Promise<ExitName> {
  const instance = await context.instance()
  const limit = context.options.limit ?? LISTED
  const state = await instance.state()
  const found = await state.runs.list(instance.name, limit + 1, { signal: context.signal })
  const shown = found.slice(0, limit)
  await context.out({
    data: { runs: shown.map(runData), more: found.length > limit },
    text: (paint) => describeRuns(shown, found.length > limit, paint),
    needsPerson: false,
  })
  return 'done'
}

async function one(context: CommandContext<ListOptions>): Promise<ExitName> {
  const id = onlyWord(context.words, { what: 'runs tells of one run', remedy: 'Name one, or last' })
  const instance = await context.instance()
  const limit = context.options.limit ?? LISTED
  const { signal } = context
  const report = await readRun(await instance.state(), instance.name, id, limit, { signal })
  if (report === null) throw noSuchRun(id)
  await context.out({
    data: {
      run: runData(report.run),
      refused_objects: report.refused,
      more_refused: report.moreRefused,
    },
    text: (paint) => describeRun(report, paint),
    needsPerson: false,
  })
  return 'done'
}
