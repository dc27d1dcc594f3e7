/**
 * Speed and memory against physical limits: `npm run bench [-- NAME...] [--quick]`. Prints a table, writes JSON to
 * `bench/results/`, ends with 1 if a promise does not hold. See bench/README.md.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { arch, availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Benchmark, Outcome } from './benchmarks/benchmark.ts'
import { find } from './benchmarks/find.ts'
import { heal } from './benchmarks/heal.ts'
import { help } from './benchmarks/help.ts'
import { lint } from './benchmarks/lint.ts'
import { memory } from './benchmarks/memory.ts'
import { plan } from './benchmarks/plan.ts'
import { pruneBucket } from './benchmarks/prune-bucket.ts'
import { pruneDisk } from './benchmarks/prune-disk.ts'
import { pruneMemory } from './benchmarks/prune-memory.ts'
import { pruneRows } from './benchmarks/prune-rows.ts'
import { remove } from './benchmarks/remove.ts'
import { requests } from './benchmarks/requests.ts'
import { rows } from './benchmarks/rows.ts'
import type { Figure } from './measure/figure.ts'
import { openStage } from './stage/stage.ts'

const BENCHMARKS: readonly Benchmark[] = [
  help,
  requests,
  find,
  heal,
  plan,
  remove,
  pruneDisk,
  pruneBucket,
  memory,
  rows,
  pruneRows,
  pruneMemory,
  lint,
]

const words = process.argv.slice(2)
const quick = words.includes('--quick')
const names = words.filter((word) => !word.startsWith('--'))
const unknown = names.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name))
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(', ')}; there are ${BENCHMARKS.map(({ name }) => name).join(', ')}.`,
  )
  process.exit(2)
}

// Leaves by way of the exit handlers, which end what runs and remove what was planted.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

const startedAt = new Date()
const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryMb: Math.round(totalmem() / 1024 / 1024),
  arch: arch(),
  node: process.version,
}
const results: { name: string; title: string; load: number; outcome: Outcome }[] = []
{
  await using stage = openStage(quick, (line) => console.error(`  ${line}`))
  for (const benchmark of BENCHMARKS) {
    if (names.length > 0 && !names.includes(benchmark.name)) continue
    console.error(`${benchmark.name}: ${benchmark.title}`)
    const load = loadavg()[0] ?? 0
    results.push({ name: benchmark.name, title: benchmark.title, load, outcome: await benchmark.run(stage) })
  }
}

const folder = fileURLToPath(new URL('results/', import.meta.url))
await mkdir(folder, { recursive: true })
const path = `${folder}${startedAt.toISOString().replaceAll(':', '-')}.json`
await writeFile(path, `${JSON.stringify({ startedAt, quick, machine, results }, null, 2)}\n`)
console.log(
  `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}${quick ? ', quick run: a tenth of the sizes' : ''}\n`,
)
for (const { name, title, load, outcome } of results) {
  console.log(`${name}: ${title} (load before: ${load.toFixed(1)})`)
  for (const figure of outcome.figures) console.log(`  ${line(figure)}`)
  for (const detail of outcome.details) console.log(`      ${detail}`)
  console.log()
}
const broken = results.flatMap(({ outcome }) => outcome.figures).filter(({ pass }) => pass === false)
console.log(
  broken.length === 0 ? `Every promise holds. ${path}` : `${broken.length} promises do not hold. ${path}`,
)
process.exit(broken.length === 0 ? 0 : 1)

function line({ what, value, unit, limit, target, pass }: Figure): string {
  const mark = pass === null ? '    ' : pass ? 'holds' : 'FAILS'
  const promised = target === null ? '' : `, at most ${round(target.atMost)}`
  const beside = limit === null ? '' : ` (${limit.what}: ${round(limit.value)})`
  return `${mark.padEnd(6)}${what}: ${round(value)} ${unit}${promised}${beside}`
}

/** Three significant digits below a thousand, whole numbers above. */
function round(value: number): string {
  return Math.abs(value) >= 1_000 || Number.isInteger(value)
    ? String(Math.round(value))
    : value.toPrecision(3)
}
