/**
 * Media in a bucket of an S3 service, as Mastodon uses it (docs/mastodon.md#s3-objects).
 *
 * Tried against Ceph RGW 16 and Swift 2.30's s3api; what they do differently stands where it is handled. The SDK is
 * loaded with the first request, so an instance on a file system never loads it.
 */
import type { Clock } from '../../core/ports/runtime.ts'
import type { CallOptions, Storage } from '../../core/ports/storage.ts'
import { connectS3 } from './s3/connection.ts'
import { checkBucket, confirmBucket } from './s3/check.ts'
import { openLeftovers } from './s3/leftovers.ts'
import { listBucket } from './s3/list.ts'
import { createMover } from './s3/move.ts'
import { readObject, statObject, writeObject } from './s3/object.ts'
import { createPause } from './s3/patience.ts'
import { createBatchRemover } from './s3/remove-batch.ts'
import { createRemover } from './s3/remove.ts'
import { askVersioning } from './s3/versioning.ts'

/** What Mastodon's variables mean once resolved. */
export interface S3StorageSettings {
  readonly bucket: string
  readonly region: string
  /** Null for Amazon's own. */
  readonly endpoint: string | null
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. */
  readonly pathStyle: boolean
  /** A stored object's name is this, a slash, and the key; null for none (`S3_KEY_PREFIX`). */
  readonly keyPrefix: string | null
  /** The canned ACL of new objects; null sends none (`S3_PERMISSION`). */
  readonly permission: string | null
  readonly storageClass: string | null
  /** Null leaves it to the SDK's own chain. */
  readonly credentials: S3Credentials | null
  /** Milliseconds for a connection to open. */
  readonly openTimeoutMs: number
  /** Milliseconds for the answer to a look at one object; longer work gets longer, see `s3/connection.ts`. */
  readonly readTimeoutMs: number
  /** Keys per bulk delete, at most 1,000. */
  readonly batchDeleteLimit: number
  /**
   * Attempts per request, the first included; throttling, 5xx and lost connections are tried again. 5 unless told.
   * Removals count their own, see `s3/patience.ts`.
   */
  readonly attempts?: number | undefined
  /** Connections kept open, 64 unless told. */
  readonly connections?: number | undefined
  /** Pauses of removals that the store was too busy for. */
  readonly clock: Clock
  /** From 0 up to 1, each time another: several workers must not come back at once. */
  readonly chance: () => number
}

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | null
}

/** Keys of a listing request, the most that every S3 service gives. */
const LIST_PAGE = 1000

/** Opens a bucket; nothing is asked of it until the first call. */
export function openS3Storage(settings: S3StorageSettings): Storage {
  const connection = connectS3(settings)
  const removeBatch = Math.min(1000, Math.max(1, settings.batchDeleteLimit))
  const pause = createPause(settings.clock, settings.chance)
  const batches = createBatchRemover(connection, removeBatch, pause)
  const removeTargets = createRemover(connection, batches, pause)
  const confirm = confirmBucket(connection)
  const look = (key: string, options: CallOptions) => statObject(connection, confirm, key, options)
  const move = createMover(connection, look, removeTargets, pause)
  const versioned = askVersioning(connection)
  return {
    traits: {
      description: connection.description,
      removeBatch,
      tellsAccess: false,
      listPage: LIST_PAGE,
      listsRanges: true,
    },
    list: (range, options = {}) => listBucket(connection, LIST_PAGE, range, options),
    stat: (key, options = {}) => look(key, options),
    read: (key, options = {}) => readObject(connection, key, options),
    write: (key, bytes, contentType, options = {}) =>
      writeObject(connection, key, bytes, contentType, options),
    // An upload that broke off is never an object, and ours are of one part.
    discardUnfinished: async () => 0,
    async remove(keys, options = {}) {
      const targets = keys.map((key) => ({ key, id: null }))
      const outcomes = await removeTargets(targets, options)
      return keys.map((key, at) => ({ key, ...outcomes[at]! }))
    },
    move: (pairs, access, options = {}) => move(pairs, access, options),
    leftovers: openLeftovers(connection, LIST_PAGE, pause, removeTargets),
    async removalTraits(options = {}) {
      return { versioned: await versioned(options), bulkRemoval: batches.bulkRemoval() }
    },
    use: () => connection.use(),
    check: (options = {}) => checkBucket(connection, options),
    close: () => connection.close(),
  }
}
