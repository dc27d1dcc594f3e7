/** Runs that die in the middle of a batch whose objects go in parts, and what the next one asks storage for. */
import type { openApply } from '../src/core/apply/open-apply.ts'
import type { BatchContent } from '../src/core/model/run.ts'

type Ports = Awaited<ReturnType<typeof openApply>>

/** Where a process dies: its objects are gone and nobody was told, or the first part was told. */
export const DEATHS = ['after the last removal', 'after the first part'] as const
export type DeathAt = (typeof DEATHS)[number]

/** Keys of a call: a batch of the lab's is several of them. */
const CALL = 10

/** A store that takes few keys in a call. @param asked gets every key that it is asked to remove, or to move away */
export function askedFor(asked: string[], refuses: (key: string) => boolean = () => false) {
  return (ports: Ports): Ports => ({
    ...ports,
    objects: {
      ...ports.objects,
      traits: { ...ports.objects.traits, removeBatch: CALL },
      async remove(keys, options) {
        asked.push(...keys)
        const answers = await ports.objects.remove(
          keys.filter((key) => !refuses(key)),
          options,
        )
        const byKey = new Map(answers.map((answer) => [answer.key, answer]))
        return keys.map((key) => byKey.get(key) ?? { key, removed: false, reason: 'locked by its owner' })
      },
      async move(pairs, access, options) {
        if (access === 'private') asked.push(...pairs.map(({ from }) => from))
        return ports.objects.move(pairs, access, options)
      },
      leftovers: ports.objects.leftovers && {
        ...ports.objects.leftovers,
        async removeVersions(versions, options) {
          asked.push(...versions.map(({ key, versionId }) => `${key} ${versionId}`))
          return ports.objects.leftovers!.removeVersions(versions, options)
        },
        async removeUploads(uploads, options) {
          asked.push(...uploads.map(({ key, uploadId }) => `${key} ${uploadId}`))
          return ports.objects.leftovers!.removeUploads(uploads, options)
        },
      },
    },
  })
}

/** @param opened gets what each batch was about to do */
export function dying(at: DeathAt, opened: BatchContent[]) {
  return (ports: Ports): Ports => {
    const { runs } = ports.state
    const die = (): never => {
      throw new Error('killed')
    }
    return {
      ...ports,
      state: {
        ...ports.state,
        runs: {
          ...runs,
          async openBatch(run, content, lease) {
            opened.push(content)
            return runs.openBatch(run, content, lease)
          },
          async notePart(...args) {
            await runs.notePart(...args)
            if (at === 'after the first part') die()
          },
          closeBatch: async () => die(),
        },
      },
    }
  }
}
