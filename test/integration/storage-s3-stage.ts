/** A bucket of a real store with a dialect before it, for tests of what comes of removals. */
import {
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { s3Client, type S3Address } from '../../lab/servers/s3-bucket.ts'
import { startS3Dialect, type S3Dialect, type S3Vice } from '../../lab/servers/s3-dialect.ts'
import { isBulkRemoval, isSingleRemoval, keysIn } from '../../lab/servers/s3-vices/recognise.ts'
import { openS3Storage, type S3StorageSettings } from '../../src/adapters/storage/s3.ts'
import { compareKeys } from '../../src/core/model/key-order.ts'
import { listedKey } from '../../src/core/model/object.ts'
import type { Storage } from '../../src/core/ports/storage.ts'
import { listAll } from '../contracts/storage.ts'
import { freshName, sharedRgw } from '../shared-servers.ts'
import { countingClock, s3Settings } from './storage-s3.ts'

export interface S3Stage extends AsyncDisposable {
  readonly target: S3Address
  readonly bucket: string
  /** Straight to the store. */
  readonly client: S3Client
  readonly proxy: S3Dialect
  readonly clock: ReturnType<typeof countingClock>
  /** Puts an object of two bytes under each key. */
  fill(keys: readonly string[]): Promise<void>
  /** Through the proxy; closed with the stage. A storage is new each time, so nothing is remembered from test to test. */
  open(vices: readonly S3Vice[], settings?: Partial<S3StorageSettings>): Storage
  /** What is there, listed without the proxy. */
  keys(): Promise<string[]>
  /** Every version and marker that is there, without the proxy: `key id` or `key id marker`. */
  versions(): Promise<string[]>
  keepVersions(status?: 'Enabled' | 'Suspended'): Promise<void>
  /** Removals that reached the proxy since the last `open`: sizes of bulk requests in order, and how many single ones. */
  removals(): { readonly bulk: readonly number[]; readonly single: number }
}

export async function openS3Stage(): Promise<S3Stage> {
  const server = await sharedRgw()
  const target = server.address
  const bucket = freshName('dialect')
  await server.createBucket(bucket)
  const client = s3Client(target)
  const proxy = await startS3Dialect(target)
  const straight = openS3Storage(s3Settings(target, bucket))
  const clock = countingClock()
  const opened: Storage[] = [straight]
  let from = 0
  return {
    target,
    bucket,
    client,
    proxy,
    clock,
    async fill(keys) {
      let next = 0
      const lane = async () => {
        while (next < keys.length)
          await client.send(new PutObjectCommand({ Bucket: bucket, Key: keys[next++]!, Body: 'xy' }))
      }
      await Promise.all(Array.from({ length: 32 }, lane))
    },
    open(vices, settings = {}) {
      proxy.vices = vices
      from = proxy.requests.length
      clock.pausesMs.length = 0
      const own = { ...s3Settings(proxy.address, bucket), clock, chance: () => 0, ...settings }
      const storage = openS3Storage(own)
      opened.push(storage)
      return storage
    },
    keys: async () => (await listAll(straight)).map(listedKey),
    async versions() {
      const { Versions = [], DeleteMarkers = [] } = await client.send(
        new ListObjectVersionsCommand({ Bucket: bucket }),
      )
      return [
        ...Versions.map(({ Key, VersionId }) => `${Key} ${VersionId}`),
        ...DeleteMarkers.map(({ Key, VersionId }) => `${Key} ${VersionId} marker`),
      ].sort(compareKeys)
    },
    async keepVersions(Status = 'Enabled') {
      await client.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status } }),
      )
    },
    removals() {
      const since = proxy.requests.slice(from)
      return {
        bulk: since.filter(isBulkRemoval).map(({ body }) => keysIn(body.toString()).length),
        single: since.filter(isSingleRemoval).length,
      }
    },
    async [Symbol.asyncDispose]() {
      const left = (await listAll(straight)).map(listedKey)
      for (let at = 0; at < left.length; at += 1000) {
        const Objects = left.slice(at, at + 1000).map((Key) => ({ Key }))
        await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }))
      }
      for (const storage of opened) await storage.close()
      client.destroy()
      await proxy[Symbol.asyncDispose]()
    },
  }
}
