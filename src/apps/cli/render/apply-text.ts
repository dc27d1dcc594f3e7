/** What an apply and an undo did, for people. */
import type { QuarantinesEmptied } from '../../../core/apply/empty-quarantine.ts'
import type { Tidied } from '../../../core/apply/tidy.ts'
import type {
  ApplyEnd,
  ApplyResult,
  RecoveredBatches,
  UndoResult,
} from '../../../core/apply/apply-request.ts'
import type { Plan } from '../../../core/model/plan.ts'
import type { Run } from '../../../core/model/run.ts'
import { wayBack } from '../../../core/report/runs.ts'
import type { Painter } from './paint.ts'
import { applyCommand } from './plan-text.ts'
import { formatBytes, formatCount, formatDuration, formatTime, plural } from './text.ts'
import { leftAsChanged, ofKinds } from './work-text.ts'

const STOPPED: Readonly<Record<ApplyEnd, string>> = {
  files: 'The number of files allowed was reached (--max-delete)',
  row: 'The next row has more files than --max-delete allows, and no run gets past it with so few',
  bytes: 'The bytes allowed were reached (--max-delete-bytes)',
  duration: 'The time was up (--max-duration)',
  vacuum: 'The hours of Mastodon’s own vacuum have begun',
  refused: 'Storage took nothing away, so no more rows were let go',
  interrupted: 'Interrupted; the batch under way was finished',
}

export function describeApply(
  plan: Pick<Plan, 'id' | 'caps'>,
  result: ApplyResult,
  verbose: boolean,
  paint: Painter,
): string {
  const { run, stopped, recovered, verified } = result
  const lines: string[] = [...brought(recovered)]
  lines.push(done(result, paint), ...leftAlone(run, paint), ...stillOpen(recovered, paint))
  if (verified.stillThere.length > 0)
    lines.push(
      paint.warn(
        `Storage said they are gone, and still has ${formatCount(verified.stillThere.length)} of ${plural(verified.looked, 'file')} looked at again.`,
      ),
      ...verified.stillThere.slice(0, verbose ? Infinity : 3).map((key) => paint.dim(key)),
    )
  lines.push(...emptied(result.quarantine, paint))
  if (verbose && result.requests > 0) lines.push(`${plural(result.requests, 'request')} to storage.`)
  if (stopped !== null) lines.push(`${STOPPED[stopped]}. The rest is left; to go on: ${applyCommand(plan)}`)
  lines.push(...back(run))
  return `${lines.join('\n')}\n`
}

/** What was due without any plan; empty if nothing was. */
export function describeTidied({ recovered, quarantine }: Tidied, paint: Painter): string {
  return [...brought(recovered), ...stillOpen(recovered, paint), ...emptied(quarantine, paint)]
    .map((line) => `${line}\n`)
    .join('')
}

function* brought({ batches, objects, open }: RecoveredBatches): Generator<string> {
  if (objects > 0)
    yield `What earlier runs had left to do was done first: ${plural(objects, 'file')} taken away.`
  else if (batches > open) yield 'What earlier runs had left to do was done first.'
}

function* stillOpen({ open }: RecoveredBatches, paint: Painter): Generator<string> {
  if (open > 0)
    yield paint.warn(
      `${plural(open, 'batch', 'batches')} of earlier runs ${open === 1 ? 'stays' : 'stay'} open, because storage refuses; see cornac runs.`,
    )
}

function* emptied({ files, refused, because }: QuarantinesEmptied, paint: Painter): Generator<string> {
  if (files > 0)
    yield `${plural(files, 'file')} of earlier runs, whose time in quarantine was over, removed for good.`
  if (refused > 0)
    yield paint.warn(
      `${plural(refused, 'file')} of earlier runs, whose time in quarantine is over, could not be removed (${because ?? 'no reason given'}); the next run tries again.`,
    )
}

function done({ run, files, seconds, stopped }: ApplyResult, paint: Painter): string {
  const { counts } = run
  const took = formatDuration(seconds * 1000)
  const before = counts.files.count - files
  if (counts.files.count === 0)
    return `${paint.good(stopped === null ? 'Nothing had to go' : 'Nothing has gone yet')}, in ${took}.`
  const what = ofKinds(counts.byKind)
  const rows = counts.rows === 0 ? '' : ` of ${plural(counts.rows, 'row')}`
  const all = `${plural(counts.files.count, 'file')} (${formatBytes(counts.files.bytes)})${rows}`
  const verb = counts.objectsMoved > 0 ? 'moved to quarantine' : 'let go'
  return before > 0
    ? `${paint.good(`${plural(files, 'file')} ${verb}`)} in ${took}; ${all} by the whole run${what}.`
    : `${paint.good(`${all} ${verb}`)} in ${took}${what}.`
}

function leftAlone({ id, counts }: Run, paint: Painter): string[] {
  return [
    ...leftAsChanged(counts.changed),
    ...(counts.refused === 0
      ? []
      : [
          paint.warn(
            `${plural(counts.refused, 'object')} could not be taken away, because storage refuses; the next run tries again. See cornac runs ${id}`,
          ),
        ]),
  ]
}

/** How to take it back; nothing where there is nothing to take back. */
function back(run: Run): string[] {
  const way = wayBack(run)
  return way.possible && run.counts.files.count > 0
    ? [`To take it back: cornac undo ${run.id} (until ${formatTime(way.untilMs)})`]
    : []
}

export function describeUndo(result: UndoResult, paint: Painter): string {
  const { run, restored, healed, already, changed, lost, unanswered, stopped } = result
  const back = restored.inPlace + restored.fromQuarantine + restored.fromVersion + healed
  const ways = [
    ...(restored.inPlace === 0 ? [] : [`${were(restored.inPlace)} still in storage`]),
    ...(restored.fromQuarantine === 0
      ? []
      : [`${formatCount(restored.fromQuarantine)} came from quarantine`]),
    ...(restored.fromVersion === 0
      ? []
      : [`${formatCount(restored.fromVersion)} from earlier versions in the bucket`]),
    ...(healed === 0
      ? []
      : [`${were(healed)} fetched from ${healed === 1 ? 'its origin' : 'their origins'}`]),
  ]
  const lines = [
    `${paint.good(`${plural(back, 'file')} brought back`)} in ${formatDuration(result.seconds * 1000)}${ways.length === 0 ? '' : `: ${ways.join(', ')}`}.`,
  ]
  if (already > 0) lines.push(`${were(already)} there already.`)
  if (changed > 0)
    lines.push(
      `${formatCount(changed)} ${changed === 1 ? 'has' : 'have'} something newer, or no row any more: left alone.`,
    )
  if (lost > 0)
    lines.push(paint.warn(`${formatCount(lost)} could not be brought back${lostHint(run, lost)}.`))
  if (unanswered > 0)
    lines.push(
      paint.warn(
        `${plural(unanswered, 'file')} could not be settled: storage did not answer or did not give ${unanswered === 1 ? 'it' : 'them'} back, ` +
          `or somebody held ${unanswered === 1 ? 'its row' : 'their rows'}. To try again: cornac undo ${run.id}`,
      ),
    )
  if (stopped !== null)
    lines.push(
      `${stopped === 'duration' ? 'The time was up (--max-duration)' : 'Interrupted; the batch under way was finished'}. ` +
        `To go on: cornac undo ${run.id}`,
    )
  return `${lines.join('\n')}\n`
}

function were(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'was' : 'were'}`
}

function lostHint({ verb }: Run, lost: number): string {
  if (verb === 'prune') return ` now; cornac heal goes on with ${lost === 1 ? 'it' : 'them'}`
  return lost === 1 ? ': it is kept nowhere' : ': they are kept nowhere'
}
