/** The answer of `cornac usage` for people. */
import { KINDS } from '../../../core/model/media.ts'
import type { Tally } from '../../../core/model/tally.ts'
import type { UsageReport } from '../../../core/report/usage.ts'
import type { Painter } from './paint.ts'
import { formatBytes, formatCount, formatTime, plural, table } from './text.ts'

/** Tables: by kind and place; what is not among them; origins and ages, where storage was measured. */
export function describeUsage(report: UsageReport, paint: Painter): string {
  const parts = [kindTable(report, paint)]
  if (report.unclaimed !== null && Object.keys(report.unclaimed).length > 0)
    parts.push(unclaimedLines(report))
  const beside = leftoverLines(report)
  if (beside.length > 0)
    parts.push(`Beside the files, in the bucket:\n${beside.map((line) => `  ${line}\n`).join('')}`)
  if (report.domains !== null && report.domains.length > 0)
    parts.push(
      `${paint.bold('Largest origins')}\n${tallyTable(
        'domain',
        report.domains.map(({ domain, ...tally }) => [domain, tally]),
      )}`,
    )
  if (report.ages !== null)
    parts.push(
      `${paint.bold('By age of the file')}\n${tallyTable(
        'younger than',
        report.ages.map(({ age, ...tally }) => [AGES[age], tally]),
      )}`,
    )
  return parts.join('\n')
}

const AGES = {
  day: 'a day',
  week: 'a week',
  month: '30 days',
  quarter: '91 days',
  year: 'a year',
  older: '(older)',
} as const

function kindTable({ lines, believed, measured }: UsageReport, paint: Painter): string {
  const cells = (tally: Readonly<Tally> | null): string[] =>
    tally === null ? [] : [formatCount(tally.count), formatBytes(tally.bytes)]
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' })
  return table(
    [
      { title: 'kind' },
      { title: 'where' },
      right('rows say'),
      right('size'),
      ...(measured === null ? [] : [right('storage has'), right('size')]),
    ],
    [
      ...lines.map((line) => [
        KINDS[line.kind].plural,
        line.place,
        ...cells(line.believed),
        ...cells(line.measured),
      ]),
      ['total', '', ...cells(believed), ...cells(measured)].map((cell) => paint.bold(cell)),
    ],
  )
}

function unclaimedLines({ unclaimed }: UsageReport): string {
  const { orphan, stray } = unclaimed ?? {}
  const lines: string[] = []
  if (orphan !== undefined)
    lines.push(`${plural(orphan.count, 'file')} (${formatBytes(orphan.bytes)}) that no row claims: orphans.`)
  if (stray !== undefined)
    lines.push(
      `${plural(stray.count, 'file')} (${formatBytes(stray.bytes)}) with names of no kind Cornac knows: strays.`,
    )
  return `Not in the table:\n${lines.map((line) => `  ${line}\n`).join('')}`
}

/** Nothing for a bucket that holds nothing beside its files. */
function leftoverLines({ leftovers }: UsageReport): string[] {
  const { uploads = null, versions = null, uncounted = [] } = leftovers ?? {}
  const lines: string[] = []
  if (uploads !== null && uploads.count > 0) {
    const { count, oldestAtMs } = uploads
    const since =
      oldestAtMs === null ? '' : `, ${count === 1 ? '' : 'the oldest '}begun ${formatTime(oldestAtMs)}`
    lines.push(`${plural(count, 'unfinished upload')}${since}; no list tells what their parts take.`)
  }
  if (versions !== null && versions.count + versions.deleteMarkers > 0)
    lines.push(
      `${plural(versions.count, 'old version')} of files (${formatBytes(versions.bytes)}) and ` +
        `${plural(versions.deleteMarkers, 'delete marker')}.`,
    )
  return [...lines, ...uncounted.map(({ reason }) => `${reason}.`)]
}

function tallyTable(title: string, rows: readonly (readonly [string, Readonly<Tally>])[]): string {
  return table(
    [{ title }, { title: 'files', align: 'right' }, { title: 'size', align: 'right' }],
    rows.map(([name, { count, bytes }]) => [name, formatCount(count), formatBytes(bytes)]),
  )
}
