import { createHash } from 'node:crypto'
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { MediaSink } from './media-sink.ts'

export interface S3MediaOptions {
  /** `http://127.0.0.1:18080`; addressed by path, not by host. */
  readonly endpoint: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Default `us-east-1`. */
  readonly region?: string | undefined
  /** `S3_KEY_PREFIX`, without slashes at its ends. */
  readonly keyPrefix?: string | undefined
  /** Default 16; Swift drops connections when there are many. */
  readonly concurrency?: number | undefined
  /** Send ACLs, `private` for mode 0600. Default false: Swift's containers and many buckets refuse them. */
  readonly acls?: boolean | undefined
  /** Make the bucket if it is not there. Default true. */
  readonly createBucket?: boolean | undefined
}

/** Media in a bucket of a real S3, with the headers Mastodon uploads with. */
export async function s3Media(options: S3MediaOptions): Promise<MediaSink> {
  const { bucket, endpoint, accessKeyId, secretAccessKey, region = 'us-east-1' } = options
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 5,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  sendMd5(client)
  const prefix = options.keyPrefix === undefined || options.keyPrefix === '' ? '' : `${options.keyPrefix}/`
  if (options.createBucket !== false) await createBucket(client, bucket)
  return {
    description: `bucket ${bucket} at ${endpoint}`,
    env: {
      S3_ENABLED: 'true',
      S3_BUCKET: bucket,
      S3_ENDPOINT: endpoint,
      S3_REGION: region,
      S3_PROTOCOL: new URL(endpoint).protocol.slice(0, -1),
      S3_HOSTNAME: new URL(endpoint).host,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      ...(options.acls === true ? {} : { S3_PERMISSION: '' }),
      ...(prefix === '' ? {} : { S3_KEY_PREFIX: prefix.slice(0, -1) }),
    },
    concurrency: options.concurrency ?? 16,
    async put(key, bytes, contentType, put) {
      const shut = put?.mode === 0o600
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: prefix + key,
          Body: bytes,
          ContentType: contentType,
          CacheControl: 'public, max-age=315576000, immutable',
          ...(options.acls === true ? { ACL: shut ? 'private' : 'public-read' } : {}),
        }),
      )
    },
    get: (key) => getObject(client, bucket, prefix + key),
    async remove(keys) {
      for (let at = 0; at < keys.length; at += 1000) {
        await removeObjects(
          client,
          bucket,
          keys.slice(at, at + 1000).map((key) => prefix + key),
        )
      }
    },
    async *list(below) {
      let token: string | undefined
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix + below, ContinuationToken: token }),
        )
        for (const { Key, Size } of page.Contents ?? []) {
          if (Key !== undefined) yield { key: Key.slice(prefix.length), bytes: Size ?? 0 }
        }
        token = page.NextContinuationToken
      } while (token !== undefined)
    },
    async close() {
      client.destroy()
    },
  }
}

/**
 * Swift's s3api demands Content-MD5 where this SDK sends its own checksum, and refuses the latter. Both Swift and Ceph
 * take requests that carry the one and not the other.
 */
function sendMd5(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (call) => {
      const { headers, body } = call.request as { headers: Record<string, string>; body?: unknown }
      for (const name of Object.keys(headers)) {
        if (/^x-amz-(sdk-)?checksum-/i.test(name)) delete headers[name]
      }
      if (typeof body === 'string' || body instanceof Uint8Array) {
        headers['content-md5'] = createHash('md5').update(body).digest('base64')
      }
      return next(call)
    },
    { step: 'build', name: 'sendMd5', priority: 'low' },
  )
}

async function createBucket(client: S3Client, bucket: string): Promise<void> {
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
  } catch (error) {
    const mine = error instanceof Error && error.name.startsWith('BucketAlready')
    if (!mine) throw error
  }
}

async function getObject(client: S3Client, bucket: string, key: string): Promise<Uint8Array | null> {
  try {
    const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    return (await answer.Body?.transformToByteArray()) ?? null
  } catch (error) {
    if (error instanceof NoSuchKey) return null
    throw error
  }
}

/** Reads every per-key answer: a bulk removal that says 200 may have removed nothing. */
async function removeObjects(client: S3Client, bucket: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  const answer = await client.send(
    new DeleteObjectsCommand({
      Bucket: bucket,
      Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true },
    }),
  )
  const failed = answer.Errors?.[0]
  if (failed !== undefined) {
    throw new Error(`${bucket} did not remove ${failed.Key}: ${failed.Code} ${failed.Message}`)
  }
}
