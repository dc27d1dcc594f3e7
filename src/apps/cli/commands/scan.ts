import { ALL_KINDS, kindNamed, KINDS, type Kind } from '../../../core/model/media.ts'
import { findingLines, ONLY_TOLD } from '../../../core/report/findings.ts'
import { ageLines, largestDomains } from '../../../core/report/usage.ts'
import { RESUME_WITHIN_MS, scan as runScan, scopeOf, type ScanResult } from '../../../core/scan.ts'
import type { Command } from '../command.ts'
import { iso } from '../render/json.ts'
import { describeScan } from '../render/scan-text.ts'
import { formatCount } from '../render/text.ts'
import { usageError } from '../usage-error.ts'

/** Origins in the JSON answer, the largest. */
const LISTED_DOMAINS = 100

interface ScanOptions {
  readonly resume?: true
  readonly list?: true
}

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
        started: iso(result.startedAtMs),
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
      text: (paint) => describeScan(result, lines, context.options.list === true, paint),
      needsPerson: found,
    })
    return found ? 'findings' : 'done'
  },
}

async function* findingsData(result: ScanResult): AsyncGenerator<readonly object[]> {
  for await (const page of result.findings())
    yield page.map(({ modifiedAtMs, ...finding }) => {
      return { ...finding, modified: iso(modifiedAtMs) }
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
