/** What the S3 stores of the lab have in common under the storage contract. */
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { s3Client, type S3Address } from '../../lab/servers/s3-bucket.ts'
import { openS3Storage, type S3StorageSettings } from '../../src/adapters/storage/s3.ts'
import type { S3Connection } from '../../src/adapters/storage/s3/connection.ts'
import { createPause } from '../../src/adapters/storage/s3/patience.ts'
import { createBatchRemover } from '../../src/adapters/storage/s3/remove-batch.ts'
import { createRemover } from '../../src/adapters/storage/s3/remove.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import type { Clock } from '../../src/core/ports/runtime.ts'
import type { CallOptions, RemovalOutcome } from '../../src/core/ports/storage.ts'
import type { StoreUnderTest } from '../contracts/storage.ts'

/** Settings as Mastodon's variables give them for a store that is not Amazon's. */
export function s3Settings(address: S3Address, bucket: string): S3StorageSettings {
  const { accessKeyId, secretAccessKey } = address
  return {
    bucket,
    region: address.region,
    endpoint: address.endpoint,
    pathStyle: true,
    keyPrefix: null,
    permission: 'public-read',
    storageClass: null,
    credentials: { accessKeyId, secretAccessKey, sessionToken: null },
    openTimeoutMs: 5_000,
    readTimeoutMs: 5_000,
    batchDeleteLimit: 1000,
    clock: systemClock,
    chance: Math.random,
  }
}

/** A bucket under test, filled and looked at through a client of its own. */
export function s3StoreUnderTest(address: S3Address, settings: S3StorageSettings): StoreUnderTest {
  const client = s3Client(address)
  const storage = openS3Storage(settings)
  const name = (key: string) => (settings.keyPrefix === null ? key : `${settings.keyPrefix}/${key}`)
  return {
    storage,
    async seed(key, bytes) {
      await client.send(new PutObjectCommand({ Bucket: settings.bucket, Key: name(key), Body: bytes }))
    },
    async headers(key) {
      const answer = await client.send(new HeadObjectCommand({ Bucket: settings.bucket, Key: name(key) }))
      return { contentType: answer.ContentType, cacheControl: answer.CacheControl }
    },
    async close() {
      await storage.close()
      client.destroy()
    },
  }
}

/** The bytes of an object by its full name. */
export async function bytesIn(address: S3Address, bucket: string, name: string): Promise<Uint8Array> {
  const client = s3Client(address)
  try {
    const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: name }))
    return await answer.Body!.transformToByteArray()
  } finally {
    client.destroy()
  }
}

/** Removes objects over a connection that may have time limits of its own, as `openS3Storage` would. */
export function removerOf(
  connection: S3Connection,
  largestBatch: number,
): (keys: readonly string[], options?: CallOptions) => Promise<readonly RemovalOutcome[]> {
  const pause = createPause(connection.settings.clock, connection.settings.chance)
  const remove = createRemover(connection, createBatchRemover(connection, largestBatch, pause), pause)
  return (keys, options = {}) =>
    remove(
      keys.map((key) => ({ key, id: null })),
      options,
    )
}

/** A clock whose pauses take no time and are written down. */
export function countingClock(): Clock & { readonly pausesMs: number[] } {
  const pausesMs: number[] = []
  let passedMs = 0
  return {
    pausesMs,
    now: () => Date.now() + passedMs,
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      pausesMs.push(ms)
      passedMs += ms
    },
  }
}
