/** One request for many objects or versions, and every answer in it. */
import type { S3Connection } from './connection.ts'
import { nameOf, outcomeOfCode, type Outcome, type StoreTarget } from './outcome.ts'

/**
 * The outcome of each target the answer names, by `nameOf`; whoever is missing was not answered. A target named twice keeps
 * its error. Throws the SDK's error if the request as a whole failed.
 */
export async function removeBulk(
  connection: S3Connection,
  targets: readonly StoreTarget[],
  signal: AbortSignal | undefined,
): Promise<Map<string, Outcome>> {
  const { settings, prefix, timeouts } = connection
  const Objects = targets.map(({ key, id }) => ({
    Key: prefix + key,
    ...(id === null ? {} : { VersionId: id }),
  }))
  // Not quiet: silence about a key must not be taken for success.
  const input = { Bucket: settings.bucket, Delete: { Objects, Quiet: false } }
  const answer = await connection.send(
    (client, sdk, options) => client.send(new sdk.DeleteObjectsCommand(input), options),
    { signal, timeoutMs: timeouts.bulk, once: true },
  )
  const asked = new Set(targets.map(nameOf))
  const outcomes = new Map<string, Outcome>()
  const put = (name = '', id: string | undefined, outcome: Outcome): void => {
    if (!name.startsWith(prefix)) return
    const key = name.slice(prefix.length)
    // A bucket that keeps versions may name one of its own choice beside a key that was asked for without.
    const target = [nameOf({ key, id: id ?? null }), key].find((each) => asked.has(each))
    if (target !== undefined) outcomes.set(target, outcome)
  }
  for (const { Key, VersionId } of answer.Deleted ?? []) put(Key, VersionId, { kind: 'done' })
  for (const { Key, VersionId, Code } of answer.Errors ?? [])
    put(Key, VersionId, outcomeOfCode(Code ?? 'an error without a code'))
  return outcomes
}

/** Control characters and non-characters cannot stand in the XML of a bulk request, even escaped. */
export function fitsXml({ key }: StoreTarget): boolean {
  // oxlint-disable-next-line no-control-regex -- these are what XML cannot hold
  return !/[\u0000-\u001f\ufffe\uffff]/.test(key)
}
