/** One request per removal, some side by side: for stores without bulk removal, and for what a bulk answer left out. */
import type { S3Connection } from './connection.ts'
import { TRIES, type Pause } from './patience.ts'
import { nameOf, outcomeOf, type Outcome, type RemovalTarget } from './removal-outcome.ts'

/** Requests under way at once while the store does not mind; providers that limit allow 100 to 200 a second. */
const AT_ONCE = 16

/** An outcome for every target, by `nameOf`. Rejects only with the signal's reason, so no answer is lost. */
export type SinglyRemover = (
  targets: readonly RemovalTarget[],
  signal: AbortSignal | undefined,
) => Promise<Map<string, Outcome>>

/**
 * Remembers for its lifetime how many requests at once the store bears: half as many after a pass that was refused
 * something, one more after a pass that was not. Every refusal pauses whoever met it; where all are refused the pass
 * ends, and who was not asked is to be asked again.
 */
export function createSinglyRemover(
  removeOne: (target: RemovalTarget, signal: AbortSignal | undefined) => Promise<void>,
  pause: Pause,
): SinglyRemover {
  let atOnce = AT_ONCE
  return async (targets, signal) => {
    const outcomes: Outcome[] = []
    const lanes = Math.min(atOnce, targets.length)
    let next = 0
    let refusedInARow = 0
    let refused = false
    let stop: Outcome | null = null

    async function lane(): Promise<void> {
      while (next < targets.length && stop === null) {
        const at = next++
        const outcome = await ask(targets[at]!)
        outcomes[at] = outcome
        if (outcome.kind === 'final') stop = outcome
        if (outcome.kind !== 'again') {
          refusedInARow = 0
          continue
        }
        refused = true
        if (++refusedInARow >= Math.max(TRIES, 2 * lanes)) stop ??= outcome
        else if (next < targets.length) await pause(Math.ceil(refusedInARow / lanes), signal)
      }
    }
    async function ask(target: RemovalTarget): Promise<Outcome> {
      try {
        await removeOne(target, signal)
        return { kind: 'removed' }
      } catch (error) {
        signal?.throwIfAborted()
        return outcomeOf(error)
      }
    }

    await Promise.all(Array.from({ length: lanes }, lane))
    atOnce = refused ? Math.max(1, Math.floor(atOnce / 2)) : Math.min(AT_ONCE, atOnce + 1)
    return new Map(targets.map((target, at) => [nameOf(target), outcomes[at] ?? stop!]))
  }
}

/** One DELETE for one object or version. */
export async function removeObject(
  connection: S3Connection,
  { key, id }: RemovalTarget,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { settings, prefix, timeouts } = connection
  const version = id === null ? {} : { VersionId: id }
  const input = { Bucket: settings.bucket, Key: prefix + key, ...version }
  await connection.send((client, sdk, options) => client.send(new sdk.DeleteObjectCommand(input), options), {
    signal,
    timeoutMs: timeouts.list,
    once: true,
  })
}

/** One DELETE for one upload and its parts. */
export async function removeUpload(
  connection: S3Connection,
  { key, id }: RemovalTarget,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { settings, prefix, timeouts } = connection
  const input = { Bucket: settings.bucket, Key: prefix + key, UploadId: id ?? '' }
  await connection.send(
    (client, sdk, options) => client.send(new sdk.AbortMultipartUploadCommand(input), options),
    { signal, timeoutMs: timeouts.list, once: true },
  )
}
