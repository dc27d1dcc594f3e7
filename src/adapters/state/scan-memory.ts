/** Scans kept in memory: for tests, and for a machine on which no folder can be written. Forgets everything on exit. */
import type { Finding } from '../../core/model/finding.ts'
import type { ShardTotals } from '../../core/model/shard.ts'
import type { ScanRecorder, ScanStart, ScanStore } from '../../core/ports/state.ts'

interface KeptScan {
  readonly start: ScanStart
  readonly finished: Map<number, ShardTotals>
  readonly findings: Map<number, readonly Finding[]>
  complete: boolean
}

export function openScanMemory(forgetfulBecause: string): ScanStore {
  const scans: KeptScan[] = []
  return {
    forgetfulBecause,
    async begin(start) {
      const kept: KeptScan = { start, finished: new Map(), findings: new Map(), complete: false }
      scans.push(kept)
      return recorder(kept)
    },
    async unfinished(scope, notBeforeMs) {
      const wanted = JSON.stringify(scope)
      const latest = scans.findLast(({ start }) => JSON.stringify(start.scope) === wanted)
      if (latest === undefined || latest.complete || latest.start.startedAtMs < notBeforeMs) return null
      return recorder(latest)
    },
    async completed(instance, id) {
      const found = scans.findLast(
        ({ start, complete }) =>
          complete && start.scope.instance === instance && (id === 'last' || start.id === id),
      )
      if (found === undefined) return null
      return { start: found.start, findings: (options) => recorder(found).findings(options) }
    },
  }
}

function recorder(kept: KeptScan): ScanRecorder {
  return {
    start: kept.start,
    finished: new Map(kept.finished),
    async openShard(shard) {
      let added: Finding[] = []
      return {
        async add(findings) {
          for (const finding of findings) added.push(finding)
        },
        async finish(totals) {
          kept.findings.set(shard, added)
          kept.finished.set(shard, totals)
        },
        async discard() {
          added = []
        },
      }
    },
    async *findings() {
      for (const { number } of kept.start.shards) {
        const findings = kept.findings.get(number)
        if (findings !== undefined && findings.length > 0) yield findings
      }
    },
    async complete() {
      kept.complete = true
    },
  }
}
