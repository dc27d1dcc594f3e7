import {
  FINDING_CODES,
  FINDING_MEANINGS,
  type Finding,
  type FindingCode,
} from '../../../core/model/finding.ts'
import { ALL_KINDS, kindNamed, KINDS, type Kind } from '../../../core/model/media.ts'
import { usageError } from '../usage-error.ts'
import { findingLines, type FindingLine } from '../../../core/report/findings.ts'
import { ageLines, largestDomains } from '../../../core/report/usage.ts'
import { RESUME_WITHIN_MS, scan as runScan, scopeOf, type ScanResult } from '../../../core/scan.ts'
import type { Command } from '../command.ts'
import type { Painter } from '../render/paint.ts'
import { formatBytes, formatCount, formatDuration, plural, table } from '../render/text.ts'

/** Origins in the JSON answer, the largest. */
const LISTED_DOMAINS = 100

interface ScanOptions {
  readonly resume?: true
  readonly list?: true
}

/** Findings of one code shown when no list was asked for. */
const SAMPLES = 5

/** Every server has some of these, and neither asks for anything: they are counted, and are no reason to call anybody. */
const ONLY_TOLD: ReadonlySet<FindingCode> = new Set(['pruned', 'stray'])

/** Rows against storage. Changes nothing. */
export const scan: Command<ScanOptions> = {
  name: 'scan',
  description:
    'Compares what the database names with what storage holds, for all kinds of media or the named ones: ' +
    `${ALL_KINDS.map((kind) => KINDS[kind].plural).join(', ')}. ` +
    'Lists storage at one request per 1,000 files and reads rows in pages; asks nothing per file. Changes nothing. ' +
    'An interrupted scan goes on with --resume. Pruned rows and strays are counted, but need nobody: with nothing else ' +
    'found, the scan ends with 0.',
  arguments: [{ name: '[kind...]', description: 'only these kinds; all if none is named' }],
  options: [
    { flags: '--list', description: 'show every finding, one per line' },
    { flags: '--resume', description: 'go on with the last interrupted scan of the same kinds' },
    {
      flags: '--min-age <duration>',
      description:
        'do not call younger files orphans: their rows may not be written yet (default: 24h, or scan.min_age)',
      setting: 'scan.min_age',
    },
    {
      flags: '--concurrency <count>',
      description: 'parts of storage listed side by side (default: 4, or scan.concurrency)',
      setting: 'scan.concurrency',
    },
  ],
  examples: [
    { line: 'cornac scan', meaning: 'everything' },
    { line: 'cornac scan avatars headers', meaning: 'only profile pictures' },
    { line: 'cornac scan --list | grep "^missing avatar "', meaning: 'every missing avatar' },
    { line: 'cornac scan --json > scan.json', meaning: 'all findings, for a script' },
  ],
  exitCodes: ['findings'],
  async run(context) {
    const kinds = readKinds(context.words)
    const config = await context.config()
    const instance = await context.instance()
    const records = await instance.database()
    const objects = await instance.storage()
    // Last, because it makes a folder: what cannot be opened leaves nothing behind.
    const store = await instance.scans()
    const request = {
      instance: instance.name,
      kinds,
      minAgeMs: config.scan.minAgeMs,
      concurrency: config.scan.concurrency,
      resume: context.options.resume === true,
    }
    const ports = { records, objects, store, clock: instance.clock }
    if (store.forgetfulBecause !== null) context.note(`${store.forgetfulBecause}.`)
    const interrupted = await store.unfinished(scopeOf(request), instance.clock.now() - RESUME_WITHIN_MS)
    if (interrupted !== null && !request.resume)
      context.note(
        `An interrupted scan (${formatCount(interrupted.finished.size)} of ${formatCount(interrupted.start.shards.length)} parts done) could have been resumed with --resume.`,
      )
    if (interrupted === null && request.resume)
      context.note(
        'There is no interrupted scan of these kinds from the last 24 hours; this one starts anew.',
      )
    const { signal, progress } = context
    const result = await runScan(ports, request, { signal, progress })
    const lines = findingLines(result.totals)
    const found = lines.some(({ code }) => !ONLY_TOLD.has(code))
    await context.out({
      data: {
        scan: result.id,
        kinds,
        started: new Date(result.startedAtMs).toISOString(),
        seconds: (result.finishedAtMs - result.startedAtMs) / 1000,
        parts: result.shards,
        resumed_parts: result.resumedShards,
        records: result.totals.records,
        objects: result.totals.objects,
        left_out: result.totals.tooYoung,
        totals: lines,
        measured: result.totals.measured,
        domains: largestDomains(result.totals, LISTED_DOMAINS),
        ages: ageLines(result.totals),
        findings: findingsData(result),
      },
      text: (paint) => describe(result, lines, context.options.list === true, paint),
      needsPerson: found,
    })
    return found ? 'findings' : 'done'
  },
}

async function* findingsData(result: ScanResult): AsyncGenerator<readonly object[]> {
  for await (const page of result.findings())
    yield page.map(({ modifiedAtMs, ...finding }) => {
      return { ...finding, modified: modifiedAtMs === null ? null : new Date(modifiedAtMs).toISOString() }
    })
}

function readKinds(words: readonly string[]): readonly Kind[] {
  if (words.length === 0) return ALL_KINDS
  const kinds = words.map((word) => {
    const kind = kindNamed(word)
    if (kind === undefined)
      throw usageError(
        `${word} is no kind of media`,
        `Name some of: ${ALL_KINDS.map((known) => KINDS[known].plural).join(' ')}`,
      )
    return kind
  })
  return ALL_KINDS.filter((kind) => kinds.includes(kind))
}

async function* describe(
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
