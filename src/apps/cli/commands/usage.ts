import { KINDS } from '../../../core/model/media.ts'
import type { Tally } from '../../../core/model/tally.ts'
import type { UsageReport } from '../../../core/report/usage.ts'
import { measureUsage } from '../../../core/usage.ts'
import type { Command } from '../command.ts'
import type { Painter } from '../render/paint.ts'
import { formatBytes, formatCount, formatTime, plural, table } from '../render/text.ts'

interface UsageOptions {
  readonly database?: true
  readonly domains?: number
}

const LISTED_DOMAINS = 10

/** What the database believes is stored, beside what storage holds. Changes nothing. */
export const usage: Command<UsageOptions> = {
  name: 'usage',
  description:
    'Sets what the database believes (files named by rows, sizes stated by rows, as tootctl media usage counts) beside what ' +
    'storage really holds: every variant, by kind, local and remote, by domain and age, what belongs to no row, and what a ' +
    'bucket keeps beside the files. Measuring lists all of storage once, at one request per 1,000 files. Changes nothing.',
  options: [
    {
      flags: '--database',
      description: 'ask the database alone, which takes seconds instead of a walk through storage',
    },
    {
      flags: '--domains <count>',
      description: `list that many domains, the largest first (default: ${LISTED_DOMAINS})`,
      read: (text) => (/^\d{1,6}$/.test(text) ? Number(text) : undefined),
      expects: 'a whole number',
    },
    {
      flags: '--concurrency <count>',
      description: 'parts of storage listed side by side (default: 4, or scan.concurrency)',
      setting: 'scan.concurrency',
    },
  ],
  examples: [
    { line: 'cornac usage', meaning: 'everything, measured' },
    { line: 'cornac usage --database', meaning: 'the quick look' },
    { line: 'cornac usage --domains 50 --json', meaning: 'the fifty largest origins, for a script' },
  ],
  exitCodes: [],
  async run(context) {
    const config = await context.config()
    const instance = await context.instance()
    const database = await instance.database()
    const { signal, progress } = context
    const measure =
      context.options.database === true
        ? null
        : {
            records: database,
            objects: await instance.storage(),
            store: await instance.scans(),
            clock: instance.clock,
          }
    const report = await measureUsage(
      database,
      measure,
      {
        instance: instance.name,
        concurrency: config.scan.concurrency,
        domains: context.options.domains ?? LISTED_DOMAINS,
      },
      { signal, progress },
    )
    await context.out({
      data: usageData(report),
      text: (paint) => describe(report, paint),
      needsPerson: false,
    })
    return 'done'
  },
}

function usageData({ leftovers, ...report }: UsageReport): Record<string, unknown> {
  if (leftovers === null) return { ...report, leftovers }
  const { uploads, versions, uncounted } = leftovers
  return {
    ...report,
    leftovers: {
      uploads: uploads === null ? null : { count: uploads.count, oldest: iso(uploads.oldestAtMs) },
      versions:
        versions === null
          ? null
          : { count: versions.count, bytes: versions.bytes, delete_markers: versions.deleteMarkers },
      uncounted,
    },
  }
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

function describe(report: UsageReport, paint: Painter): string {
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
  return `${parts.join('\n')}`
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
