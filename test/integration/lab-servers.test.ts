import assert from 'node:assert/strict'
import { test, describe } from 'node:test'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import pg from 'pg'
import { startRgw } from '../../lab/servers/ceph-rgw.ts'
import { startPgbouncer } from '../../lab/servers/pgbouncer.ts'
import { startRedis } from '../../lab/servers/redis.ts'
import { s3Client, type S3Address } from '../../lab/servers/s3-bucket.ts'
import { startSwift } from '../../lab/servers/swift.ts'
import { needs } from '../needs.ts'
import { freshName, sharedPostgres, sharedRedis, sharedRgw, sharedSwift } from '../shared-servers.ts'

/** Stores one public object the way Mastodon does, reads it with the keys, and tells what anybody gets. */
async function storeAndRead(
  address: S3Address,
  bucket: string,
): Promise<{ ours: string; anybody: Response }> {
  const client = s3Client(address)
  const object = { Bucket: bucket, Key: 'cache/accounts/avatars/000/000/001/original/a b+ü.png' }
  try {
    await client.send(
      new PutObjectCommand({ ...object, Body: 'picture', ContentType: 'image/png', ACL: 'public-read' }),
    )
    const { Body } = await client.send(new GetObjectCommand(object))
    const path = object.Key.split('/').map(encodeURIComponent).join('/')
    return {
      ours: (await Body?.transformToString()) ?? '',
      anybody: await fetch(`${address.endpoint}/${bucket}/${path}`),
    }
  } finally {
    client.destroy()
  }
}

describe('Redis', needs('redis'), () => {
  test('every caller is given another database of the shared server', async () => {
    const redis = await sharedRedis()
    const given = await Promise.all(Array.from({ length: 20 }, () => redis.freeDatabase()))
    assert.equal(new Set(given).size, 20)
  })

  test('a server with a password refuses who does not know it', async () => {
    await using redis = await startRedis({ password: 'hidden' })
    await redis.freeDatabase()
    assert.equal(redis.env()['REDIS_PASSWORD'], 'hidden')
    assert.match(redis.url(3), /^redis:\/\/:hidden@127\.0\.0\.1:\d+\/3$/)
  })
})

describe('pgbouncer', needs('postgres', 'pgbouncer'), () => {
  test('in transaction mode clients share connections, and a named prepared statement is lost', async () => {
    const postgres = await sharedPostgres()
    const database = freshName('bouncer')
    await postgres.createDatabase(database)
    await using bouncer = await startPgbouncer(postgres, { poolSize: 1 })
    const clients = [1, 2].map(() => new pg.Client({ connectionString: bouncer.url(database) }))
    const [first, second] = clients as [pg.Client, pg.Client]
    await Promise.all(clients.map((client) => client.connect()))
    try {
      const backend = async (client: pg.Client): Promise<unknown> =>
        (await client.query('SELECT pg_backend_pid()')).rows[0]
      assert.deepEqual(await backend(first), await backend(second))
      await first.query({ name: 'named', text: 'SELECT 1' })
      await assert.rejects(second.query({ name: 'named', text: 'SELECT 1' }), /already exists/)
    } finally {
      await Promise.all(clients.map((client) => client.end()))
    }
    assert.equal(bouncer.env(database)['PREPARED_STATEMENTS'], 'false')
    await postgres.dropDatabase(database)
  })
})

describe('Ceph RADOS Gateway', needs('ceph-rgw'), () => {
  test('keeps a public object that anybody can read', async () => {
    const rgw = await sharedRgw()
    const bucket = freshName('media')
    await rgw.createBucket(bucket)
    const { ours, anybody } = await storeAndRead(rgw, bucket)
    assert.deepEqual([ours, anybody.status, await anybody.text()], ['picture', 200, 'picture'])
    assert.equal((await fetch(`${rgw.endpoint}/${bucket}`)).status, 403)
    assert.equal(rgw.env(bucket)['S3_HOSTNAME'], new URL(rgw.endpoint).host)
  })

  test('a second one runs beside the first and knows nothing of it', async () => {
    const shared = await sharedRgw()
    const bucket = freshName('media')
    await shared.createBucket(bucket)
    let endpoint: string
    {
      await using second = await startRgw()
      endpoint = second.endpoint
      assert.equal((await fetch(`${endpoint}/${bucket}`)).status, 404)
      await second.createBucket(bucket)
    }
    await assert.rejects(fetch(endpoint))
  })

  test('after a crash of the gateway it answers at the same address, with what was stored', async () => {
    await using rgw = await startRgw()
    const bucket = freshName('media')
    await rgw.createBucket(bucket)
    const { anybody } = await storeAndRead(rgw, bucket)
    const crash = rgw.crashGateway()
    await assert.rejects(
      (async () => {
        for (let i = 0; i < 1000; i++) await fetch(rgw.endpoint)
      })(),
    )
    await crash
    assert.equal(await (await fetch(anybody.url)).text(), 'picture')
  })
})

describe('OpenStack Swift', needs('swift'), () => {
  test('keeps a public object that both protocols see and anybody can read', async () => {
    const swift = await sharedSwift()
    const container = freshName('media')
    await swift.createContainer(container)
    const { ours } = await storeAndRead(swift.s3, container)
    const publicUrl = `${swift.env(container)['SWIFT_OBJECT_URL']}/cache/accounts/avatars/000/000/001/original/a%20b%2B%C3%BC.png`
    const anybody = await fetch(publicUrl)
    assert.deepEqual([ours, anybody.status, await anybody.text()], ['picture', 200, 'picture'])
    assert.equal((await fetch(`${swift.storageUrl}/${container}`)).status, 401)
  })

  test('a second one runs beside the first and knows nothing of it', async () => {
    const shared = await sharedSwift()
    const container = freshName('media')
    await shared.createContainer(container)
    await using second = await startSwift()
    const readable = (url: string): Promise<number> =>
      fetch(`${url}/${container}/nothing`).then(({ status }) => status)
    assert.deepEqual([await readable(shared.storageUrl), await readable(second.storageUrl)], [404, 401])
    await second.createBucket(container)
    assert.equal(await readable(second.storageUrl), 404)
  })
})
