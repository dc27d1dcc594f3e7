import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { BatchPart } from '../model/run.ts'
import type { Lease } from '../ports/state.ts'
import type { ApplyPorts } from './apply-ports.ts'
import { inParts, NOTHING_SEEN, type PartsTaken } from './in-parts.ts'
import { partsOf, partsToMove, partsToRemove } from './take-away.ts'

const NOBODY = { lease: {} as Lease, pace: async () => {} }

/** A journal that keeps the last note, and the process that writes to it, which dies when its time has come. */
class Mortal {
  noted: BatchPart | null = null
  steps = Infinity

  step(): void {
    if (this.steps-- <= 0) throw new Error('killed')
  }

  get ports(): Pick<ApplyPorts, 'state'> {
    const notePart = async (_run: string, _number: number, part: BatchPart): Promise<void> => {
      this.step()
      this.noted = structuredClone(part)
    }
    return { state: { runs: { notePart } } } as unknown as Pick<ApplyPorts, 'state'>
  }
}

const world = fc.record({
  keys: fc.uniqueArray(fc.nat(999).map(String), { minLength: 1, maxLength: 40 }),
  perCall: fc.integer({ min: 1, max: 9 }),
  deaths: fc.array(fc.nat(12), { maxLength: 5 }),
  /** Refused when asked for the first so many times. */
  refusals: fc.array(fc.nat(3), { minLength: 40, maxLength: 40 }),
})

test('whenever processes die, each key is taken once or refused at the end, and the counts are of all of them', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ keys, perCall, deaths, refusals }) => {
      const mortal = new Mortal()
      const gone = new Set<string>()
      const tries = new Map<string, number>()
      const batch = { run: 'run-p', number: 1, items: keys, keyOf: (key: string) => key }
      const take = async (some: readonly string[]) => {
        mortal.step()
        const refused = some.filter((key) => {
          const n = (tries.get(key) ?? 0) + 1
          tries.set(key, n)
          return !gone.has(key) && n <= refusals[keys.indexOf(key)]!
        })
        for (const key of some) if (!refused.includes(key)) gone.add(key)
        mortal.step()
        const because = refused.length > 0 ? 'locked' : null
        return { gone: some.filter((key) => gone.has(key)), refused, because }
      }
      let last: PartsTaken | null = null
      for (const steps of [...deaths, Infinity]) {
        mortal.steps = steps
        const before: BatchPart = mortal.noted ?? NOTHING_SEEN
        const split = <T>(all: readonly T[]) => partsOf(all, perCall, 3)
        const asked = new Map(tries)
        last = await inParts(mortal.ports, NOBODY, { ...batch, before }, split, take).catch(() => null)
        for (const [i, key] of keys.entries())
          if (i < before.through && !before.refused.includes(key))
            assert.equal(tries.get(key), asked.get(key), `${key} was seen to`)
      }
      assert.ok(last !== null)
      assert.equal(last.gone, gone.size)
      assert.deepEqual([...last.refused].sort(), keys.filter((key) => !gone.has(key)).sort())
      assert.equal(last.refusedBecause, last.refused.length > 0 ? 'locked' : null)
    }),
    { numRuns: 500 },
  )
})

test('a batch of more than one call is noted before its last part, and one of a single call never', async () => {
  for (const [count, notes] of [
    [0, 0],
    [10, 0],
    [11, 1],
    [80, 1],
    [170, 2],
  ] as const) {
    let noted = 0
    const taken: number[] = []
    const notePart = async (_run: string, _number: number, part: BatchPart): Promise<void> => {
      noted++
      assert.equal(part.through, taken.length)
    }
    const ports = { state: { runs: { notePart } } } as unknown as Pick<ApplyPorts, 'state'>
    const items = Array.from({ length: count }, (_, i) => i)
    const batch = { run: 'run-p', number: 1, items, keyOf: String, before: NOTHING_SEEN }
    const split = <T>(all: readonly T[]) => partsOf(all, 10, 8)
    await inParts(ports, NOBODY, batch, split, async (some) => {
      taken.push(...some)
      return { gone: some.map(String), refused: [], because: null }
    })
    assert.deepEqual([noted, taken], [notes, items], `${count} keys`)
  }
})

test('what may not go is neither taken nor refused, and what was refused before is given up if it may not go by now', async () => {
  const before = { through: 3, gone: 1, leftAlone: ['7'], refused: ['a', 'b'], refusedBecause: 'locked' }
  const batch = { run: 'run-p', number: 1, items: ['a', 'b', 'c', 'd', 'e'], keyOf: (key: string) => key }
  const mayGo = (key: string): boolean => key !== 'b' && key !== 'd'
  const asked: string[] = []
  const taken = await inParts(
    new Mortal().ports,
    NOBODY,
    { ...batch, before, mayGo },
    (all) => partsOf(all, 1, 1),
    async (some) => {
      asked.push(...some)
      return { gone: some, refused: [], because: null }
    },
  )
  assert.deepEqual(asked, ['a', 'e'])
  const nothing = { refused: [], refusedBecause: null }
  assert.deepEqual(taken, { through: 5, gone: 3, leftAlone: ['7'], ...nothing, takenNow: ['a', 'e'] })
})

test('parts cost no request more, and there are two wherever there are two calls', () => {
  const store = (listPage: number | null, removeBatch: number) =>
    ({ objects: { traits: { listPage, removeBatch } } }) as unknown as Pick<ApplyPorts, 'objects'>
  fc.assert(
    fc.property(fc.nat(30_000), fc.constantFrom(partsToRemove, partsToMove), (count, of) => {
      const keys = Array.from({ length: count }, (_, i) => i)
      const parts = of(store(1_000, 1_000))(keys)
      assert.deepEqual(parts.flat(), keys)
      const requests = Math.ceil(count / 1_000)
      assert.equal(
        parts.reduce((sum, part) => sum + Math.ceil(part.length / 1_000), 0),
        requests,
      )
      assert.equal(parts.length >= 2, requests >= 2)
      assert.ok(parts.every((part) => part.length <= 8_000))
      const onDisk = of(store(null, 1_000))(keys)
      assert.deepEqual(onDisk.flat(), keys)
      assert.equal(onDisk.length, Math.min(2, count))
    }),
  )
})
