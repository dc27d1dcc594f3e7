/** Quarantines emptied within the limits of a run, over a store that is a list. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lease } from '../ports/state.ts'
import { emptyQuarantines } from './empty-quarantine.ts'

const QUARANTINE = { run: 'run-a', token: 'aa', untilMs: 1 }

test('a quarantine that time or a person cuts short is not taken for empty', async () => {
  const removed: string[] = []
  const emptied: string[] = []
  const lease = { signal: new AbortController().signal, check: async () => {} } as unknown as Lease
  const ports = {
    clock: { now: () => 2, sleep: async () => {} },
    state: {
      runs: {
        quarantinesOver: async () => [{ id: 'run-a', quarantine: QUARANTINE }],
        quarantineEmptied: async (run: string) => void emptied.push(run),
      },
    },
    objects: {
      traits: { listPage: 1, removeBatch: 1 },
      vouchFor: () => () => {},
      async *list({ after }: { after: string }) {
        for (const name of ['a', 'b', 'c']) yield [{ key: `${after}${name}`, bytes: 1, modifiedAtMs: 1 }]
      },
      async remove(keys: readonly string[]) {
        removed.push(...keys)
        return keys.map((key) => ({ key, removed: true }))
      },
    },
  } as unknown as Parameters<typeof emptyQuarantines>[0]
  const work = { lease, pace: async () => {} }
  const cut = await emptyQuarantines(ports, work, 'a', {}, () => removed.length < 2)
  assert.deepEqual([cut.files, removed.length, emptied], [2, 2, []])
  const whole = await emptyQuarantines(ports, work, 'a', {})
  assert.deepEqual([whole.files, emptied], [3, ['run-a']])
})
