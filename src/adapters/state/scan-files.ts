/**
 * Scans kept in a folder on this machine, so that reading verbs need no right to write to the database.
 *
 * `<folder>/<scan id>/start.json`, then per finished shard `shard-00007.json` (totals) beside `shard-00007.ndjson`
 * (findings, one per line), and `complete` at the end. A shard's totals are renamed into place last, so a shard is
 * there whole or not at all, wherever the process dies.
 */
import { access, appendFile, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Finding } from '../../core/model/finding.ts'
import type { ShardTotals } from '../../core/model/shard.ts'
import type { ScanRecorder, ScanScope, ScanStart, ScanStore, ShardRecorder } from '../../core/ports/state.ts'
import type { CallOptions } from '../../core/ports/storage.ts'

/** Scans of one scope that stay on disk. */
const KEPT_SCANS = 3

/** @throws if the folder cannot be made or written (the caller decides what that means) */
export async function openScanFiles(folder: string): Promise<ScanStore> {
  await makeFolder(folder)
  const probe = join(folder, `.writable-${process.pid}`)
  await writeFile(probe, '')
  await rm(probe)
  return {
    forgetfulBecause: null,
    async begin(start) {
      await forgetOld(folder, start.scope)
      const home = await freshFolder(folder, start.id)
      await writeWhole(join(home, 'start.json'), JSON.stringify(start))
      return recorder(home, start, new Map())
    },
    async unfinished(scope, notBeforeMs) {
      for (const home of (await scansOf(folder, scope)).reverse()) {
        const start = await readStart(home)
        if (start === null) continue
        if (start.startedAtMs < notBeforeMs || (await isComplete(home))) return null
        return recorder(home, start, await readFinished(home, start))
      }
      return null
    },
    async completed(instance, id) {
      for (const name of (await readdir(folder)).sort().reverse()) {
        const home = join(folder, name)
        const start = await readStart(home)
        if (start === null || start.scope.instance !== instance) continue
        if ((id !== 'last' && start.id !== id) || !(await isComplete(home))) continue
        return { start, findings: (options) => readFindings(home, start, options) }
      }
      return null
    },
  }
}

function recorder(home: string, start: ScanStart, finished: ReadonlyMap<number, ShardTotals>): ScanRecorder {
  return {
    start,
    finished,
    openShard: (shard) => shardRecorder(home, shard),
    findings: (options) => readFindings(home, start, options),
    complete: () => writeWhole(join(home, 'complete'), ''),
  }
}

function shardName(shard: number): string {
  return `shard-${String(shard).padStart(5, '0')}`
}

async function shardRecorder(home: string, shard: number): Promise<ShardRecorder> {
  const path = join(home, `${shardName(shard)}.ndjson`)
  await rm(path, { force: true })
  return {
    async add(findings) {
      if (findings.length > 0)
        await appendFile(path, findings.map((finding) => `${JSON.stringify(finding)}\n`).join(''))
    },
    finish: (totals) => writeWhole(join(home, `${shardName(shard)}.json`), JSON.stringify(totals)),
    discard: () => rm(path, { force: true }),
  }
}

async function* readFindings(
  home: string,
  start: ScanStart,
  options: CallOptions | undefined,
): AsyncGenerator<readonly Finding[]> {
  for (const { number } of start.shards) {
    options?.signal?.throwIfAborted()
    const file = await open(join(home, `${shardName(number)}.ndjson`)).catch(() => null)
    if (file === null) continue
    let batch: Finding[] = []
    for await (const line of file.readLines()) {
      // Scans of an older Cornac do not have the time of orphans.
      batch.push({ modifiedAtMs: null, ...(JSON.parse(line) as Omit<Finding, 'modifiedAtMs'>) })
      if (batch.length === 1_000) {
        yield batch
        batch = []
      }
    }
    if (batch.length > 0) yield batch
  }
}

/**
 * Makes a folder and those above it. Not Node's own `recursive`: where the system refuses a folder in an existing parent with
 * ENOENT, as in /proc, that tries for ever (seen in Node 24).
 */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || (await isThere(dirname(folder)))) throw error
    await makeFolder(dirname(folder))
    await makeFolder(folder)
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

async function freshFolder(folder: string, id: string): Promise<string> {
  for (let n = 1; ; n++) {
    const home = join(folder, n === 1 ? id : `${id}-${n}`)
    try {
      await mkdir(home, { mode: 0o700 })
      return home
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

async function forgetOld(folder: string, scope: ScanScope): Promise<void> {
  const homes = await scansOf(folder, scope)
  for (const home of homes.slice(0, Math.max(0, homes.length - KEPT_SCANS + 1)))
    await rm(home, { recursive: true, force: true })
}

/** Folders of scans of this scope, oldest first (ids are times, so names sort by age). */
async function scansOf(folder: string, scope: ScanScope): Promise<string[]> {
  const wanted = JSON.stringify(scope)
  const homes: string[] = []
  for (const name of (await readdir(folder)).sort()) {
    const start = await readStart(join(folder, name))
    if (start !== null && JSON.stringify(start.scope) === wanted) homes.push(join(folder, name))
  }
  return homes
}

async function readStart(home: string): Promise<ScanStart | null> {
  return readJson<ScanStart>(join(home, 'start.json'))
}

async function isComplete(home: string): Promise<boolean> {
  return (await readFile(join(home, 'complete')).catch(() => null)) !== null
}

async function readFinished(home: string, start: ScanStart): Promise<ReadonlyMap<number, ShardTotals>> {
  const finished = new Map<number, ShardTotals>()
  for (const { number } of start.shards) {
    const totals = await readJson<ShardTotals>(join(home, `${shardName(number)}.json`))
    if (totals !== null) finished.set(number, totals)
  }
  return finished
}

/** Null for a file that is absent or was never written whole. */
async function readJson<T>(path: string): Promise<T | null> {
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text === null) return null
  try {
    return JSON.parse(text) as T
  } catch {
    return null
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.part`, text, { flush: true })
  await rename(`${path}.part`, path)
}
