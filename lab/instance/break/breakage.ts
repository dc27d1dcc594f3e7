/** What an accident needs and what it reports. */
import { Dice, subjectOf } from '../dice.ts'
import { findingLine, type ExpectedFinding } from '../expected-findings.ts'
import type { LabKind } from '../keys.ts'
import type { MediaSink } from '../media/media-sink.ts'
import { filesInDatabase, keysOfFile, type ClaimedKey, type DatabaseFile } from '../rows-in-database.ts'
import type { LabVersion } from '../schema/schema.ts'

/** The part of an instance that can be broken; a `LabInstance` with media is one. */
export interface Breakable {
  readonly version: LabVersion
  readonly databaseUrl: string
  readonly media: MediaSink | null
}

/** What a scan has to find after the accident, besides what it found before. */
export interface Breakage {
  readonly findings: readonly ExpectedFinding[]
  /** Files removed, added, shut or changed. */
  readonly files: number
  /** Bytes removed or added; zero for accidents that move none. */
  readonly bytes: number
}

/** Which files an accident hits. */
export interface VictimOptions {
  /** Default: every kind Cornac may touch. */
  readonly kinds?: readonly LabKind[] | undefined
  /** Share of the rows that name a file; at most 0.2, so that no two accidents hit the same row. Default 0.05. */
  readonly share?: number | undefined
  /** Hit local files too. Default false. */
  readonly local?: boolean | undefined
}

/**
 * Each accident takes its victims from a fifth of all rows that belongs to it alone, so several accidents can happen to
 * one instance and their findings add up.
 */
const FIFTHS = { delete: 0, close: 0.2, truncate: 0.4, orphan: 0.6 } as const

/** The rows an accident hits: the same ones every time. Rows whose files are shut by right are left alone. */
export async function* victimsOf(
  instance: Breakable,
  accident: keyof typeof FIFTHS,
  options: VictimOptions,
): AsyncGenerator<DatabaseFile> {
  const share = options.share ?? 0.05
  if (share < 0 || share > 0.2) throw new Error(`An accident hits at most a fifth of all rows, not ${share}`)
  const from = FIFTHS[accident]
  for await (const file of filesInDatabase(instance.databaseUrl, instance.version, options.kinds)) {
    if (file.closed || (!file.remote && options.local !== true)) continue
    const place = new Dice(0, subjectOf(`${file.kind} ${file.id}`), 0).fraction()
    if (place >= from && place < from + share) yield file
  }
}

/** The keys of the rows an accident hits. */
export async function* victimKeysOf(
  instance: Breakable,
  accident: keyof typeof FIFTHS,
  options: VictimOptions,
): AsyncGenerator<ClaimedKey> {
  for await (const file of victimsOf(instance, accident, options)) yield* keysOfFile(file)
}

/** The sink, or a sentence: an instance without media cannot lose any. */
export function mediaOf(instance: Breakable): MediaSink {
  if (instance.media === null) throw new Error('This lab instance was built without media')
  return instance.media
}

/**
 * Findings after accidents: those before and those added, each once. A row that was hit twice is reported as the last
 * accident left it only if the accidents say so; `victimsOf` sees to it that this does not happen.
 */
export function afterAccidents(
  before: Iterable<ExpectedFinding>,
  ...accidents: readonly Breakage[]
): readonly ExpectedFinding[] {
  const all = new Map<string, ExpectedFinding>()
  for (const finding of before) all.set(findingLine(finding), finding)
  for (const accident of accidents) {
    for (const finding of accident.findings) all.set(findingLine(finding), finding)
  }
  return [...all.values()]
}
