import { parseDuration } from '../../../config/quantities.ts'
import { openUndo } from '../../../core/apply/open-apply.ts'
import { undoRun } from '../../../core/apply/undo.ts'
import type { UndoResult } from '../../../core/apply/apply-request.ts'
import type { Command } from '../command.ts'
import type { ExitName } from '../exit-codes.ts'
import { onlyWord } from '../find-plan.ts'
import { runData } from '../plan-data.ts'
import { describeUndo } from '../render/apply-text.ts'

interface UndoOptions {
  readonly maxDuration?: number
}

/** Takes a run back from its journal. */
export const undo: Command<UndoOptions> = {
  name: 'undo',
  description:
    'Takes a run of cornac prune or cornac orphans back, from its journal: rows name their files again if storage still has them, ' +
    'in place, in quarantine or as an earlier version in the bucket, and whatever is gone is fetched from its origin. A row that ' +
    'names something newer stays as it is. Can be interrupted, and gone on with.',
  arguments: [{ name: '<run>', description: 'the id of a run, or last for the one that began last' }],
  options: [
    {
      flags: '--max-duration <duration>',
      description: 'begin no further batch after this time',
      read: (text) => parseDuration(text) || undefined,
      expects: 'a duration such as 2h or 45m',
    },
  ],
  examples: [
    { line: 'cornac undo last', meaning: 'the run that began last' },
    { line: 'cornac undo run-prune-20261121T141952-3fa9', meaning: 'a run from the list of cornac runs' },
  ],
  exitCodes: ['leased', 'partial', 'budget'],
  async run(context) {
    const { signal, progress, options } = context
    const run = onlyWord(context.words, {
      what: 'undo was not told which run to take back',
      remedy: 'Name one, or last: cornac runs lists them',
    })
    const { instance: server, heal } = await context.config()
    const instance = await context.instance()
    const ports = await openUndo(instance, {
      limitedFederation: server.limitedFederation,
      useLibvips: server.useLibvips,
      timeoutMs: heal.timeoutMs,
      concurrency: heal.concurrency,
      perHost: heal.perHost,
    })
    const request = { instance: instance.name, run, maxDurationMs: options.maxDuration ?? null }
    const result = await undoRun(ports, request, { signal, progress })
    const end = exitOf(result)
    await context.out({
      data: undoData(result),
      text: (paint) => describeUndo(result, paint),
      needsPerson: end === 'partial',
    })
    return end
  },
}

function undoData({ run, restored, ...counts }: UndoResult): Record<string, unknown> {
  return {
    run: runData(run),
    in_place: restored.inPlace,
    from_quarantine: restored.fromQuarantine,
    from_version: restored.fromVersion,
    ...counts,
  }
}

function exitOf({ stopped, lost, unanswered }: UndoResult): ExitName {
  if (stopped === 'interrupted') return 'interrupted'
  if (lost + unanswered > 0) return 'partial'
  return stopped === null ? 'done' : 'budget'
}
