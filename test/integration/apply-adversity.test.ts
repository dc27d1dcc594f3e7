/** Runs and undos that were broken off, met by the next ones. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openUndo, type openApply } from '../../src/core/apply/open-apply.ts'
import { undoRun } from '../../src/core/apply/undo.ts'
import { silentProgress } from '../../src/core/ports/runtime.ts'
import { apply, planOf, policyOf, QUIET, rowsOf, truth, undo, type ApplyWishes } from '../apply-stage.ts'
import { without } from '../faults/truth.ts'
import { LIMITS, onDisk, type Stage } from '../heal-stage.ts'
import { needs } from '../needs.ts'

const LIMIT = { ...needs('postgres'), timeout: 120_000 }

type Ports = Awaited<ReturnType<typeof openApply>>

/** Rows have let go, and then the process dies: every object is still there. */
const DIES: ApplyWishes = {
  ports: (ports: Ports) => ({
    ...ports,
    objects: { ...ports.objects, remove: () => Promise.reject(new Error('killed')) },
  }),
}

/** An undo whose time is up before it has brought anything back. */
async function undoWithoutTime(stage: Stage, run: string): Promise<void> {
  const { instance } = stage.open
  const ports = await openUndo(instance, { ...LIMITS, limitedFederation: false, concurrency: 8, perHost: 2 })
  const request = { instance: instance.name, run, maxDurationMs: 0 }
  const result = await undoRun({ ...ports, otherWork: QUIET }, request, { progress: silentProgress })
  assert.deepEqual([result.stopped, result.run.state], ['duration', 'undoing'])
}

test('what an undo has not come to yet is not removed by the next run', LIMIT, () =>
  onDisk(
    async (stage) => {
      const rows = await rowsOf(stage, 'accounts')
      const { objects } = await truth(stage)
      const avatars = await planOf(stage, policyOf({ kinds: ['avatar'], includeFollows: true }))
      await assert.rejects(apply(stage, avatars, DIES), /killed/)
      await undoWithoutTime(stage, `run-${avatars.id}`)

      const cards = await planOf(stage, policyOf({ kinds: ['card'] }))
      const other = await apply(stage, cards)
      assert.deepEqual(other.recovered, { batches: 0, objects: 0, open: 0 })
      const taken = await undo(stage, `run-${avatars.id}`)
      assert.equal(taken.restored.inPlace, avatars.totals.files.count, JSON.stringify(taken))
      assert.deepEqual(await rowsOf(stage, 'accounts'), rows)
      const gone = without(objects, (await truth(stage)).objects)
      assert.deepEqual(
        gone.filter((key) => key.includes('/avatars/')),
        [],
      )
    },
    { cards: 20 },
  ),
)
