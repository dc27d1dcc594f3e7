import { figure, promise } from '../measure/figure.ts'
import { median } from '../measure/median.ts'
import { runCornac, runNode } from '../measure/run-process.ts'
import type { Benchmark } from './benchmark.ts'

const ROUNDS = 20
const COLD_ROUNDS = 5

/** A person at a shell. The limit is a Node that has nothing to do. */
export const help: Benchmark = {
  name: 'help',
  title: 'cornac --help answers within 150 ms',
  async run({ folders }) {
    const home = folders.fresh()
    const warm = { env: { HOME: home, NODE_COMPILE_CACHE: `${home}/cache` }, cwd: home }
    await runCornac(['--help'], warm)
    const bare: number[] = []
    const cornac: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      bare.push((await runNode(['-e', '0'], warm)).ms)
      cornac.push((await runCornac(['--help'], warm)).ms)
    }
    const cold: number[] = []
    for (let round = 0; round < COLD_ROUNDS; round++) {
      const env = { HOME: home, NODE_COMPILE_CACHE: `${home}/cold-${round}` }
      cold.push((await runCornac(['--help'], { env, cwd: home })).ms)
    }
    const limit = { what: 'node -e 0', value: median(bare) }
    return {
      figures: [
        promise(`median of ${ROUNDS} starts`, median(cornac), 'ms', 150, limit),
        figure(`median of ${COLD_ROUNDS} starts without a compile cache`, median(cold), 'ms', limit),
      ],
      details: [`fastest ${Math.min(...cornac).toFixed(0)} ms, slowest ${Math.max(...cornac).toFixed(0)} ms`],
    }
  },
}
