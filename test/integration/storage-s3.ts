/** What the S3 stores of the lab have in common under the storage contract. */
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { s3Client, type S3Address } from '../../lab/servers/s3-bucket.ts'
import { openS3Storage, type S3StorageSettings } from '../../src/adapters/storage/s3.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
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
