/** Lists of plans and runs, and one run in sentences, for people. */
import type { Run, RunState } from '../../../core/model/run.ts'
import type { PlanLine } from '../../../core/ports/plans.ts'
import { wayBack, type RunReport, type WayBack } from '../../../core/report/runs.ts'
import type { Painter } from './paint.ts'
import { applyCommand } from './plan-text.ts'
import { formatBytes, formatCount, formatTime, plural, table } from './text.ts'
import { leftAsChanged, ofKinds } from './work-text.ts'

const STATES: Readonly<Record<RunState, string>> = {
  running: 'running, or killed',
  stopped: 'stopped',
  done: 'done',
  undoing: 'being taken back',
  undone: 'taken back',
}

export function describePlans(lines: readonly PlanLine[], more: boolean, paint: Painter): string {
  if (lines.length === 0) return 'There is no plan: cornac prune and cornac orphans make them.\n'
  return (
    table(
      [
        { title: 'plan' },
        { title: 'made' },
        { title: 'files', align: 'right' },
        { title: 'size', align: 'right' },
        { title: 'applied' },
      ],
      lines.map(({ id, madeAtMs, files, run }) => [
        id,
        formatTime(madeAtMs),
        formatCount(files.count),
        formatBytes(files.bytes),
        run === null ? paint.dim('no') : STATES[run],
      ]),
    ) + moreLine(more, paint)
  )
}

export function describeRuns(runs: readonly Run[], more: boolean, paint: Painter): string {
  if (runs.length === 0) return 'Nothing was applied yet.\n'
  return (
    table(
      [
        { title: 'run' },
        { title: 'began' },
        { title: 'files', align: 'right' },
        { title: 'size', align: 'right' },
        { title: 'refused', align: 'right' },
        { title: 'state' },
        { title: 'can be taken back until' },
      ],
      runs.map((run) => {
        const way = wayBack(run)
        return [
          run.id,
          formatTime(run.startedAtMs),
          formatCount(run.counts.files.count),
          formatBytes(run.counts.files.bytes),
          run.counts.refused === 0 ? '' : paint.warn(formatCount(run.counts.refused)),
          STATES[run.state],
          way.possible ? formatTime(way.untilMs) : paint.dim('no'),
        ]
      }),
    ) + moreLine(more, paint)
  )
}

function moreLine(more: boolean, paint: Painter): string {
  return more ? paint.dim('… and more; --limit shows more of them\n') : ''
}

export function describeRun(report: RunReport, paint: Painter): string {
  const { run, plan, refused, moreRefused } = report
  const goOn = applyCommand(plan ?? { id: run.planId, caps: [] })
  const { counts } = run
  const lines = [
    `${paint.bold(run.id)}: ${STATES[run.state]}`,
    `Began on ${formatTime(run.startedAtMs)}${run.endedAtMs === null ? '' : `, ended on ${formatTime(run.endedAtMs)}`}${run.attempts > 1 ? `, in ${formatCount(run.attempts)} goes` : ''}.`,
    `${plural(counts.files.count, 'file')} (${formatBytes(counts.files.bytes)}) let go${counts.rows === 0 ? '' : ` of ${plural(counts.rows, 'row')}`}${ofKinds(counts.byKind)}.`,
  ]
  const { objectsRemoved, objectsMoved } = counts
  const inStorage = [
    ...(objectsRemoved === 0 ? [] : [`${plural(objectsRemoved, 'object')} removed`]),
    ...(objectsMoved === 0 ? [] : [`${plural(objectsMoved, 'object')} moved to quarantine`]),
  ]
  if (inStorage.length > 0) lines.push(`In storage, ${inStorage.join(' and ')}.`)
  lines.push(...leftAsChanged(counts.changed))
  if (run.stoppedBecause !== null)
    lines.push(`It stopped: ${run.stoppedBecause.replace(/\.$/, '')}. To go on: ${goOn}`)
  else if (run.state === 'running')
    lines.push(`If no process works on it any more, this goes on with it: ${goOn}`)
  lines.push(takeBack(run, report.wayBack))
  if (counts.refused > 0)
    lines.push(
      paint.warn(
        `Storage would not take away ${plural(counts.refused, 'object')}; every run tries them again:`,
      ),
      ...refused.map(({ key, because }) => paint.dim(`${key}${because === null ? '' : ` (${because})`}`)),
      ...(moreRefused ? [paint.dim('… and more; --limit shows more of them')] : []),
    )
  return `${lines.join('\n')}\n`
}

function takeBack(run: Run, way: WayBack): string {
  return way.possible
    ? `It can be taken back until ${formatTime(way.untilMs)}: cornac undo ${run.id}`
    : `It cannot be taken back: ${way.because}.`
}
