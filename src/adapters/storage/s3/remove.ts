/** Removes objects in bulk where the store can, one by one where it cannot; every answer is read. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CallOptions, Removal } from '../../../core/ports/storage.ts'
import { keyObjection } from '../key-check.ts'
import type { S3Connection } from './connection.ts'
import { isFinal, isPassing, isTimeout, phraseOf, refusalOf, s3Failure, type S3Refusal } from './failure.ts'

/** Single removals under way at once where bulk removal is not to be had. */
const SINGLES_AT_ONCE = 16
/** Waits after "slow down", in milliseconds, beyond the SDK's own; then the key is given up for this call. */
const PATIENCE_MS = [1_000, 2_000, 4_000, 8_000, 16_000]

type Outcome = 'removed' | { readonly reason: string } | { readonly again: S3Refusal }

/**
 * A function with the promises of `ObjectRemover.remove`. Remembers for its lifetime that a store has no bulk removal,
 * and batches that proved small enough.
 *
 * Throws a KnownError only if nothing can be removed with these settings and nothing was; a failure after the first
 * success is answered per key, so that no answer is lost.
 */
export function createRemover(
  connection: S3Connection,
  largestBatch: number,
): (keys: readonly string[], options: CallOptions) => Promise<readonly Removal[]> {
  let bulk = true
  let batchSize = largestBatch

  async function removeBatch(keys: readonly string[], signal: AbortSignal | undefined) {
    const printable = bulk ? keys.filter(fitsXml) : []
    const outcomes = await removeSingly(connection, bulk ? keys.filter((key) => !fitsXml(key)) : keys, signal)
    if (printable.length === 0) return outcomes
    try {
      const answered = await removeBulk(connection, printable, signal)
      for (const [key, outcome] of answered) outcomes.set(key, outcome)
      // A store that leaves a key out has not said it is gone.
      const silent = printable.filter((key) => !answered.has(key))
      for (const [key, outcome] of await removeSingly(connection, silent, signal)) outcomes.set(key, outcome)
    } catch (error) {
      signal?.throwIfAborted()
      const refusal = refusalOf(error)
      if (isTimeout(refusal) && printable.length > 1) {
        batchSize = Math.max(1, Math.floor(printable.length / 4))
        for (const key of printable) outcomes.set(key, { again: refusal })
      } else if (isFinal(refusal)) throw error
      else if (isPassing(refusal)) for (const key of printable) outcomes.set(key, { again: refusal })
      else if (refusal.status === 403)
        for (const key of printable) outcomes.set(key, { reason: phraseOf(refusal) })
      else {
        // NotImplemented, MethodNotAllowed, MalformedXML and their like: this store has no bulk removal.
        bulk = false
        for (const [key, outcome] of await removeSingly(connection, printable, signal))
          outcomes.set(key, outcome)
      }
    }
    return outcomes
  }

  return async (keys, { signal }) => {
    signal?.throwIfAborted()
    const answers = new Map<string, Removal>()
    let waiting: string[] = []
    for (const key of new Set(keys)) {
      const reason = keyObjection(key)
      if (reason === null) waiting.push(key)
      else answers.set(key, { key, removed: false, reason })
    }
    let somethingRemoved = false
    let waits = 0
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchSize)
      waiting = waiting.slice(batch.length)
      let outcomes
      try {
        outcomes = await removeBatch(batch, signal)
      } catch (error) {
        signal?.throwIfAborted()
        if (!somethingRemoved) throw s3Failure(connection, error, `remove from ${connection.description}`)
        const reason = phraseOf(refusalOf(error))
        for (const key of [...batch, ...waiting]) answers.set(key, { key, removed: false, reason })
        break
      }
      const again: string[] = []
      let patience = false
      for (const [key, outcome] of outcomes) {
        if (outcome === 'removed') {
          somethingRemoved = true
          answers.set(key, { key, removed: true })
        } else if ('reason' in outcome) answers.set(key, { key, removed: false, reason: outcome.reason })
        else if (waits < PATIENCE_MS.length) {
          again.push(key)
          patience ||= !isTimeout(outcome.again) || batch.length === 1
        } else answers.set(key, { key, removed: false, reason: phraseOf(outcome.again) })
      }
      if (again.length === 0) continue
      waiting = [...again, ...waiting]
      if (patience) await sleep(PATIENCE_MS[waits++]! * (0.75 + Math.random() / 2), undefined, { signal })
    }
    return keys.map((key) => answers.get(key)!)
  }
}

async function removeBulk(
  connection: S3Connection,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Map<string, Outcome>> {
  const { settings, prefix, timeouts } = connection
  const input = {
    Bucket: settings.bucket,
    // Not quiet: silence about a key must not be taken for success.
    Delete: { Objects: keys.map((key) => ({ Key: prefix + key })), Quiet: false },
  }
  const answer = await connection.send(
    (client, sdk, options) => client.send(new sdk.DeleteObjectsCommand(input), options),
    {
      signal,
      timeoutMs: timeouts.bulk,
    },
  )
  const outcomes = new Map<string, Outcome>()
  const asked = new Set(keys)
  const put = (name: string | undefined, outcome: Outcome): void => {
    const key = name?.startsWith(prefix) === true ? name.slice(prefix.length) : undefined
    if (key !== undefined && asked.has(key)) outcomes.set(key, outcome)
  }
  for (const { Key } of answer.Deleted ?? []) put(Key, 'removed')
  for (const { Key, Code = 'unknown' } of answer.Errors ?? [])
    put(Key, outcomeOf({ code: Code, status: null }))
  return outcomes
}

async function removeSingly(
  connection: S3Connection,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Map<string, Outcome>> {
  const { settings, prefix, timeouts } = connection
  const outcomes = new Map<string, Outcome>()
  let next = 0
  async function work(): Promise<void> {
    while (next < keys.length) {
      const key = keys[next++]!
      const input = { Bucket: settings.bucket, Key: prefix + key }
      try {
        await connection.send(
          (client, sdk, options) => client.send(new sdk.DeleteObjectCommand(input), options),
          {
            signal,
            timeoutMs: timeouts.list,
          },
        )
        outcomes.set(key, 'removed')
      } catch (error) {
        signal?.throwIfAborted()
        const refusal = refusalOf(error)
        if (isFinal(refusal)) throw error
        outcomes.set(key, outcomeOf(refusal))
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(SINGLES_AT_ONCE, keys.length) }, work))
  return outcomes
}

/** S3, RGW and Swift call an absent key deleted; stores that say it is not there mean the same. */
function outcomeOf(refusal: S3Refusal): Outcome {
  if (refusal.code === 'NoSuchKey' || refusal.code === 'NotFound') return 'removed'
  if (isPassing(refusal) || isTimeout(refusal)) return { again: refusal }
  return { reason: phraseOf(refusal) }
}

/** Control characters and non-characters cannot stand in the XML of a bulk request, even escaped. */
function fitsXml(key: string): boolean {
  // eslint-disable-next-line no-control-regex
  return !/[\u0000-\u001f\ufffe\uffff]/.test(key)
}
