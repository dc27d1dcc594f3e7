/** What doctor says of runs, over lists. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WaitingElsewhere } from '../ports/plans.ts'
import { aboutRuns } from './check-canary.ts'

async function sentences(waiting: readonly WaitingElsewhere[]): Promise<readonly string[]> {
  const state = {
    leases: { holders: async () => [] },
    runs: { list: async () => [], waitingElsewhere: async () => waiting },
  } as unknown as Parameters<typeof aboutRuns>[0]
  return (await aboutRuns(state, 'a', {})).map(({ says }) => says)
}

test('runs and quarantines under another name are told, whatever their number', async () => {
  assert.deepEqual(await sentences([]), [])
  assert.deepEqual(
    await sentences([
      { instance: 'b', open: 1, quarantines: 2 },
      { instance: 'c', open: 0, quarantines: 1 },
      { instance: 'd', open: 3, quarantines: 0 },
    ]),
    [
      'the schema cornac holds 1 run not ended and 2 quarantines not emptied of b, which is not what this server is called now',
      'the schema cornac holds 1 quarantine not emptied of c, which is not what this server is called now',
      'the schema cornac holds 3 runs not ended of d, which is not what this server is called now',
    ],
  )
})
