import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectS3 } from './connection.ts'
import type { S3StorageSettings } from '../s3.ts'

/** Where a request for one key would go; nothing is sent. */
async function addressOf(
  settings: Pick<S3StorageSettings, 'endpoint' | 'pathStyle' | 'region'>,
): Promise<string> {
  const connection = connectS3({
    ...settings,
    bucket: 'media',
    keyPrefix: null,
    permission: null,
    storageClass: null,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: null },
    openTimeoutMs: 1_000,
    readTimeoutMs: 1_000,
    batchDeleteLimit: 1_000,
    clock: { now: () => 0, sleep: async () => {} },
    chance: () => 0,
  })
  let address = ''
  const ask = connection.send(
    (client, sdk, options) => {
      client.middlewareStack.add(
        () => (args) => {
          const { protocol, hostname, path } = args.request as {
            protocol: string
            hostname: string
            path: string
          }
          address = `${protocol}//${hostname}${path}`
          return Promise.reject(new Error('not sent'))
        },
        { step: 'finalizeRequest', priority: 'low' },
      )
      return client.send(new sdk.GetObjectCommand({ Bucket: 'media', Key: 'cache/a.png' }), options)
    },
    { timeoutMs: 1_000 },
  )
  await assert.rejects(ask, /not sent/)
  await connection.close()
  return address
}

test('an endpoint is addressed by path, as Mastodon does unless S3_OVERRIDE_PATH_STYLE says otherwise', async () => {
  assert.equal(
    await addressOf({ endpoint: 'https://store.example', pathStyle: true, region: 'us-east-1' }),
    'https://store.example/media/cache/a.png',
  )
})

test('virtual-hosted style puts the bucket into the host name', async () => {
  assert.equal(
    await addressOf({ endpoint: 'https://store.example', pathStyle: false, region: 'us-east-1' }),
    'https://media.store.example/cache/a.png',
  )
})

test('without an endpoint it is Amazon’s own, virtual-hosted, in the region named', async () => {
  assert.equal(
    await addressOf({ endpoint: null, pathStyle: false, region: 'eu-west-3' }),
    'https://media.s3.eu-west-3.amazonaws.com/cache/a.png',
  )
})
