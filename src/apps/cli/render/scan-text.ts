/** The answer of `cornac scan` for people. */
import { FINDING_CODES, FINDING_MEANINGS, type Finding } from '../../../core/model/finding.ts'
import { KINDS } from '../../../core/model/media.ts'
import { ONLY_TOLD, type FindingLine } from '../../../core/report/findings.ts'
import type { ScanResult } from '../../../core/scan.ts'
import type { Painter } from './paint.ts'
import { formatBytes, formatCount, formatDuration, plural, table } from './text.ts'

/** Findings of one code shown when no list was asked for. */
const SAMPLES = 5

/** Counts, what they mean and what to do; in pieces, since a list of all findings may be long. */
export async function* describeScan(
  result: ScanResult,
  lines: readonly FindingLine[],
  all: boolean,
  paint: Painter,
): AsyncGenerator<string> {
  if (all) yield* everyFinding(result)
  const took = formatDuration(result.finishedAtMs - result.startedAtMs)
  const { records, objects, tooYoung } = result.totals
  yield `${plural(records, 'record')} and ${plural(objects, 'file')} compared in ${took}.\n`
  if (tooYoung > 0) yield `${plural(tooYoung, 'thing')} left out: too young to judge, or changed meanwhile.\n`
  if (lines.length === 0) {
    yield `${paint.good('Nothing found: storage holds what the database names, and nothing else.')}\n`
    return
  }
  yield `\n${findingTable(lines, paint)}\n`
  for (const code of FINDING_CODES)
    if (lines.some((line) => line.code === code)) yield `${paint.bold(code)}: ${FINDING_MEANINGS[code]}\n`
  yield* whatNow(lines)
  if (!all) yield* someFindings(result, paint)
}

function* whatNow(lines: readonly FindingLine[]): Generator<string> {
  if (lines.every(({ code }) => ONLY_TOLD.has(code))) yield '\nNothing here needs you.\n'
  const profile = lines.some(
    ({ code, kind }) => (code === 'missing' || code === 'pruned') && (kind === 'avatar' || kind === 'header'),
  )
  if (profile)
    yield '\nAvatars and headers of the accounts somebody follows come back with: cornac heal --follows-of USER\n'
}

function findingTable(lines: readonly FindingLine[], paint: Painter): string {
  return table(
    [
      { title: 'finding' },
      { title: 'kind' },
      { title: 'files', align: 'right' },
      { title: 'size', align: 'right' },
    ],
    lines.map(({ code, kind, count, bytes }) => [
      ONLY_TOLD.has(code) ? code : paint.warn(code),
      kind === null ? '' : KINDS[kind].plural,
      formatCount(count),
      bytes === 0 ? '' : formatBytes(bytes),
    ]),
  )
}

async function* everyFinding(result: ScanResult): AsyncGenerator<string> {
  for await (const page of result.findings()) yield page.map((finding) => `${line(finding)}\n`).join('')
  yield '\n'
}

/** A few of each sort that needs a person, sort by sort; pruned rows and strays are told by their number. */
async function* someFindings(result: ScanResult, paint: Painter): AsyncGenerator<string> {
  const samples: Finding[] = []
  const perCode = new Map<string, number>()
  for await (const page of result.findings())
    for (const finding of page) {
      const seen = perCode.get(finding.code) ?? 0
      if (ONLY_TOLD.has(finding.code) || seen === SAMPLES) continue
      perCode.set(finding.code, seen + 1)
      samples.push(finding)
    }
  if (samples.length === 0) return
  samples.sort((a, b) => FINDING_CODES.indexOf(a.code) - FINDING_CODES.indexOf(b.code))
  yield `\nFor example (--list shows all):\n${samples.map((finding) => `${paint.dim(line(finding))}\n`).join('')}`
}

/** `missing avatar 109… cache/accounts/…: detail` */
function line({ code, kind, id, key, bytes, detail }: Finding): string {
  const there = code === 'mismatched' && bytes !== null && bytes > 0 ? `${bytes} bytes; ` : ''
  return [code, kind ?? '', id ?? '', key ?? '', detail === null ? '' : `(${there}${detail})`]
    .filter((word) => word !== '')
    .join(' ')
}
