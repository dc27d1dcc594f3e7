/** Every way to reach Mastodon's Redis, from its own variables to an answer; and the cache beside it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startRedis, startSentinel } from '../../lab/servers/redis.ts'
import { openRailsCache } from '../../src/adapters/rails-cache/open-rails-cache.ts'
import { connectRedis, type RedisSettings } from '../../src/adapters/redis/connect-redis.ts'
import { KnownError } from '../../src/core/errors.ts'
import { needs } from '../needs.ts'
import { redisPlace, settingsFor } from '../redis-settings.ts'

const PASSWORD = 'p@ss:/#%word'

async function answer(settings: RedisSettings): Promise<string | null> {
  const { ask, close } = await connectRedis(settings)
  try {
    return await ask((redis) => redis.get('which'))
  } finally {
    close()
  }
}

async function refusal(settings: RedisSettings): Promise<string> {
  const error = await connectRedis(settings).catch((reason: unknown) => reason)
  assert.ok(error instanceof KnownError, String(error))
  assert.ok(!error.message.includes(PASSWORD), 'a password is never told')
  return error.code
}

describe('a connection to Redis', needs('redis'), () => {
  test('by host with a password, by socket, and by sentinel, to the right database', async () => {
    await using server = await startRedis({ password: PASSWORD, socket: true })
    using place = await redisPlace({ server })
    await place.redis.set('which', 'the right one')
    const { settings } = place
    assert.equal(await answer(settings), 'the right one')
    assert.equal(await answer({ ...settings, user: 'default' }), 'the right one')
    assert.equal(await answer({ ...settings, db: settings.db + 1 }), null)
    assert.equal(
      await answer({ ...settings, target: { kind: 'socket', path: server.socket as string } }),
      'the right one',
    )
    await using sentinel = await startSentinel(server, { password: 'guard' })
    const bySentinel = (sentinelPassword: string | null, master = sentinel.master): RedisSettings => ({
      ...settings,
      target: {
        kind: 'sentinel',
        master,
        sentinels: [
          { host: '127.0.0.1', port: 1 },
          { host: sentinel.host, port: sentinel.port },
        ],
        sentinelUser: null,
        sentinelPassword,
      },
    })
    assert.equal(await answer(bySentinel('guard')), 'the right one')
    assert.equal(await refusal(bySentinel('guard', 'nobody')), 'redis-unreachable')
    assert.match(await refusal(bySentinel('wrong')), /^redis-(login-refused|unreachable)$/)
  })

  test('a wrong or missing password, a closed port and an absent socket each say what they are', async () => {
    await using server = await startRedis({ password: PASSWORD })
    const right = settingsFor(server)
    assert.equal(await refusal({ ...right, password: 'wrong' }), 'redis-login-refused')
    assert.equal(await refusal({ ...right, password: null }), 'redis-login-refused')
    const target = { kind: 'server', host: '127.0.0.1', port: 1, tls: false } as const
    assert.equal(await refusal({ ...right, target }), 'redis-unreachable')
    assert.equal(
      await refusal({ ...right, target: { kind: 'socket', path: '/nowhere/redis.sock' } }),
      'redis-unreachable',
    )
    assert.equal(
      await refusal({ ...right, target: { ...target, port: server.port, tls: true } }),
      'redis-unreachable',
    )
  })
})

describe('the Rails cache', needs('redis'), () => {
  const keys = {
    wanted: 'cache:emoji:blobcat:example.social',
    named: 'social_cache:emoji:blobcat:example.social',
    local: 'cache:emoji:blobcat',
    other: 'cache:emoji:blobcat:example.social.evil',
  }
  for (const [version, gone] of [
    ['4.3', keys.named],
    ['4.6', keys.wanted],
  ] as const)
    test(`${version}: one emoji is dropped from it whatever its case, and nothing else`, async () => {
      using place = await redisPlace({ namespace: 'social' })
      for (const key of Object.values(keys)) await place.redis.set(key, 'marshalled')
      const cache = await openRailsCache(place.settings, { version })
      try {
        await cache.dropEmoji('BlobCat', 'Example.Social')
        await cache.dropEmoji('never_cached', 'example.social')
      } finally {
        await cache.close()
      }
      const left = Object.values(keys).filter((key) => key !== gone)
      assert.deepEqual((await place.redis.keys('*')).sort(), left.sort())
    })
})
