/** The verb `scan`: rows against storage, shard by shard, resumable; finds, confirms, counts. Never changes anything. */
import type { Finding } from './model/finding.ts'
import { idPosition, idRangesOf } from './model/id-position.ts'
import { ALL_KINDS, type Kind } from './model/media.ts'
import type { MediaRecord } from './model/record.ts'
import type { Shard, ShardTotals } from './model/shard.ts'
import type { RecordSource } from './ports/records.ts'
import type { Clock, Progress } from './ports/runtime.ts'
import type { ScanRecorder, ScanScope, ScanStore } from './ports/state.ts'
import type { ObjectLister } from './ports/storage.ts'
import { confirm } from './confirm.ts'
import type { TimeGuards } from './reconcile/classify.ts'
import { planShards } from './reconcile/plan-shards.ts'
import { runShard } from './reconcile/run-shard.ts'
import { addTotals, countFinding, emptyTotals } from './reconcile/shard-tally.ts'

export interface ScanPorts {
  readonly records: RecordSource
  readonly objects: ObjectLister
  readonly store: ScanStore
  readonly clock: Clock
}

export interface ScanRequest {
  /** Names database and storage for the scan store, without secrets. */
  readonly instance: string
  readonly kinds: readonly Kind[]
  /** Objects younger than this are never called orphans. */
  readonly minAgeMs: number
  /** Shards side by side. */
  readonly concurrency: number
  /** Go on with the latest interrupted scan of the same scope, if there is one young enough. */
  readonly resume: boolean
  /** Rows per shard to aim at. */
  readonly rowsPerShard?: number
}

export interface ScanResult {
  readonly id: string
  readonly kinds: readonly Kind[]
  readonly startedAtMs: number
  readonly finishedAtMs: number
  readonly shards: number
  /** Shards taken over from an interrupted scan. */
  readonly resumedShards: number
  readonly totals: ShardTotals
  /** Everything found, in shard order; reads what was stored. */
  findings(): AsyncIterable<readonly Finding[]>
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined
  readonly progress: Progress
}

/** An interrupted scan older than this is not resumed: too much of what it saw has changed. */
export const RESUME_WITHIN_MS = 24 * 3_600_000

const ROWS_PER_SHARD = 50_000

/**
 * Scans the named kinds. Aborting leaves the finished shards in the store; so does dying.
 * @throws SourceDisagreement, KnownError, or the signal's reason
 */
export async function scan(ports: ScanPorts, request: ScanRequest, options: RunOptions): Promise<ScanResult> {
  const recorder = await beginOrResume(ports, request, options)
  const { start } = recorder
  const totals = emptyTotals()
  for (const part of recorder.finished.values()) addTotals(totals, part)
  options.progress.stage('scanning', await estimateRecords(ports.records, request.kinds, options))
  options.progress.advance(totals.records)
  const waiting = start.shards.filter((shard) => !recorder.finished.has(shard.number))
  const stop = new AbortController()
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal])
  const work = async (): Promise<void> => {
    for (let shard = waiting.shift(); shard !== undefined; shard = waiting.shift()) {
      signal.throwIfAborted()
      addTotals(totals, await scanShard(ports, recorder, shard, { signal, progress: options.progress }))
    }
  }
  const workers = Array.from({ length: Math.max(1, request.concurrency) }, work)
  try {
    await Promise.all(workers)
  } catch (error) {
    stop.abort(error)
    await Promise.allSettled(workers)
    throw error
  }
  await recorder.complete()
  options.progress.done()
  return {
    id: start.id,
    kinds: request.kinds,
    startedAtMs: start.startedAtMs,
    finishedAtMs: ports.clock.now(),
    shards: start.shards.length,
    resumedShards: recorder.finished.size,
    totals,
    findings: () => recorder.findings(options),
  }
}

/** What the scan store files a scan under. */
export function scopeOf(request: Pick<ScanRequest, 'instance' | 'kinds' | 'minAgeMs'>): ScanScope {
  return { instance: request.instance, kinds: [...request.kinds].sort(), minAgeMs: request.minAgeMs }
}

async function beginOrResume(
  ports: ScanPorts,
  request: ScanRequest,
  options: RunOptions,
): Promise<ScanRecorder> {
  const now = ports.clock.now()
  const scope = scopeOf(request)
  if (request.resume) {
    const interrupted = await ports.store.unfinished(scope, now - RESUME_WITHIN_MS)
    if (interrupted !== null) return interrupted
  }
  options.progress.stage('dividing the work', null)
  const cuts = new Map<Kind, number[]>()
  for (const kind of request.kinds) {
    const ids = await ports.records.cuts(kind, request.rowsPerShard ?? ROWS_PER_SHARD, options)
    cuts.set(
      kind,
      ids.map((id) => idPosition(id.toString())).sort((a, b) => a - b),
    )
  }
  const id = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return ports.store.begin({
    id,
    scope,
    startedAtMs: now,
    shards: planShards({ kinds: ALL_KINDS.filter((kind) => request.kinds.includes(kind)), cuts }),
  })
}

async function scanShard(
  ports: ScanPorts,
  recorder: ScanRecorder,
  shard: Shard,
  options: { signal: AbortSignal; progress: Progress },
): Promise<ShardTotals> {
  const { signal, progress } = options
  const { startedAtMs, scope } = recorder.start
  const guards: TimeGuards = { rowsBeforeMs: startedAtMs, objectsBeforeMs: startedAtMs - scope.minAgeMs }
  const totals = emptyTotals()
  const writer = await recorder.openShard(shard.number)
  try {
    await runShard(
      { runs: runsOf(ports.records, shard, signal), listing: ports.objects.list(shard, { signal }) },
      totals,
      {
        range: shard,
        guards,
        nowMs: startedAtMs,
        passed: (records) => progress.advance(records),
        async settle(suspicions) {
          signal.throwIfAborted()
          const { findings, changed } = await confirm(ports.records, suspicions, { signal })
          totals.tooYoung += changed
          for (const finding of findings) countFinding(totals, finding)
          await writer.add(findings)
        },
      },
    )
    await writer.finish(totals)
  } catch (error) {
    await writer.discard()
    throw error
  }
  return totals
}

function runsOf(
  records: RecordSource,
  shard: Shard,
  signal: AbortSignal,
): AsyncIterable<readonly MediaRecord[]>[] {
  const { kind, root, positions } = shard
  if (kind === null || positions === null) return []
  return idRangesOf(positions.from, positions.to).map((range) =>
    records.records({ kind, root, ...range }, { signal }),
  )
}

async function estimateRecords(
  records: RecordSource,
  kinds: readonly Kind[],
  options: RunOptions,
): Promise<number | null> {
  const estimates = await Promise.all(kinds.map((kind) => records.estimate(kind, options)))
  const sum = estimates.reduce((a, b) => a + b, 0)
  return sum > 0 ? sum : null
}
