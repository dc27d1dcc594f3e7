import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3'

/** Where an S3 service listens and with which keys it is asked. Plain data: travels between processes as JSON. */
export interface S3Address {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A client as Mastodon's is: path style, because an endpoint is given. The caller destroys it. */
export function s3Client({ endpoint, region, accessKeyId, secretAccessKey }: S3Address): S3Client {
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  })
}

/** Creates a bucket that belongs to the address's keys. */
export async function createS3Bucket(address: S3Address, name: string): Promise<void> {
  const client = s3Client(address)
  try {
    await client.send(new CreateBucketCommand({ Bucket: name }))
  } finally {
    client.destroy()
  }
}

/** Mastodon's own variables for a bucket of an S3 service other than Amazon's (config/initializers/paperclip.rb). */
export function s3Env(address: S3Address, bucket: string): Record<string, string> {
  const { protocol, host } = new URL(address.endpoint)
  return {
    S3_ENABLED: 'true',
    S3_BUCKET: bucket,
    S3_REGION: address.region,
    S3_PROTOCOL: protocol.slice(0, -1),
    S3_HOSTNAME: host,
    S3_ENDPOINT: address.endpoint,
    AWS_ACCESS_KEY_ID: address.accessKeyId,
    AWS_SECRET_ACCESS_KEY: address.secretAccessKey,
  }
}

/** From now on what is removed or replaced stays as an old version. */
export async function keepVersions(address: S3Address, bucket: string): Promise<void> {
  const client = s3Client(address)
  try {
    await client.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    )
  } finally {
    client.destroy()
  }
}
