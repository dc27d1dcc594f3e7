/** Does the bucket keep what is removed? */
import type { CallOptions } from '../../../core/ports/storage.ts'
import type { S3Connection } from './connection.ts'

/**
 * Asks when first called, and remembers an answer; null where keeping is suspended, the store does not tell this key, or has
 * no such question. Rejects only with the signal's reason.
 */
export function askVersioning(connection: S3Connection): (options: CallOptions) => Promise<boolean | null> {
  let known: boolean | null = null
  return async ({ signal }) => {
    if (known !== null) return known
    const input = { Bucket: connection.settings.bucket }
    try {
      const { Status } = await connection.send(
        (client, sdk, options) => client.send(new sdk.GetBucketVersioningCommand(input), options),
        { signal, timeoutMs: connection.timeouts.look },
      )
      if (Status === undefined || Status === 'Enabled') known = Status === 'Enabled'
    } catch {
      signal?.throwIfAborted()
    }
    return known
  }
}
