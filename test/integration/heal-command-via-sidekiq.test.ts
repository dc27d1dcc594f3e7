/** `cornac heal --via sidekiq` as an admin runs it, beside a Sidekiq that works. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { startSidekiq, type LabSidekiq } from '../../lab/sidekiq/start-sidekiq.ts'
import { brokenInstance } from '../broken-instance.ts'
import { needs } from '../needs.ts'
import { runCornac } from '../run-cornac.ts'
import { sharedRedis } from '../shared-servers.ts'

interface Answer {
  readonly via: string
  readonly healed: number
  readonly from: Readonly<Record<string, number>>
  readonly failed: Readonly<Record<string, number>>
  readonly stopped: string | null
  readonly error?: { readonly code: string }
}

/** A small broken server with a Redis of its own, and the Sidekiq that belongs to it once it is started. */
async function brokenServer(stack: AsyncDisposableStack): Promise<{
  readonly env: Readonly<Record<string, string>>
  startSidekiq(options?: { readonly concurrency?: number }): Promise<LabSidekiq>
}> {
  const folder = await serverDirectory('via-sidekiq', { inMemoryBytes: 2 ** 27 })
  stack.defer(() => removeServerDirectory(folder))
  const media = diskMedia(folder)
  const world = stack.use(await brokenInstance({ media, accounts: 40, followed: 10 }))
  const redis = await sharedRedis()
  const database = await redis.freeDatabase()
  const redisUrl = redis.url(database)
  const { databaseUrl } = world.lab
  return {
    env: { ...world.env, ...redis.env(database) },
    startSidekiq: async (options) =>
      stack.use(await startSidekiq({ version: '4.6', redisUrl, databaseUrl, media, ...options })),
  }
}

test(
  'heal --via sidekiq: Mastodon’s workers do it, and healed means what row and storage say',
  { ...needs('postgres', 'redis'), timeout: 120_000 },
  async () => {
    await using stack = new AsyncDisposableStack()
    const server = await brokenServer(stack)
    const { env } = server
    const heal = ['heal', 'avatars', '--follows-of', 'alice', '--via', 'sidekiq', '--json']

    const alone = await runCornac(heal, { env })
    assert.equal(alone.code, 1, 'no Sidekiq runs')
    assert.equal((JSON.parse(alone.stdout) as Answer).error?.code, 'sidekiq-not-running')

    const sidekiq = await server.startSidekiq()
    const planned = await runCornac(['heal', 'avatars', '--follows-of', 'alice', '--plan', '--json'], { env })
    const { fixable } = JSON.parse(planned.stdout) as { fixable: number }
    assert.ok(fixable > 3, `only ${fixable} broken`)
    const run = await runCornac(heal, { env })
    const answer = JSON.parse(run.stdout) as Answer
    assert.equal(run.code, 0, run.stdout + run.stderr)
    assert.equal(answer.via, 'sidekiq')
    assert.equal(answer.healed, fixable)
    assert.deepEqual(answer.from, { sidekiq: fixable })
    assert.deepEqual(sidekiq.refused, [])
    assert.equal(sidekiq.begun.length, fixable)
    const again = await runCornac(heal, { env })
    assert.equal((JSON.parse(again.stdout) as Answer).healed, 0)
    assert.equal(sidekiq.begun.length, fixable, 'no job is pushed twice')
  },
)

test(
  'the time allowed ends the waiting for a Sidekiq that never comes to it, and takes the jobs back',
  { ...needs('postgres', 'redis'), timeout: 120_000 },
  async () => {
    await using stack = new AsyncDisposableStack()
    const server = await brokenServer(stack)
    const { env } = server
    const sidekiq = await server.startSidekiq({ concurrency: 1 })
    sidekiq.setVice({ kind: 'slow', ms: 12_000 })
    const run = await runCornac(
      ['heal', 'avatars', '--follows-of', 'alice', '--via', 'sidekiq', '--json', '--max-duration', '4s'],
      { env },
    )
    const answer = JSON.parse(run.stdout) as Answer
    assert.equal(run.code, 7, run.stdout + run.stderr)
    assert.equal(answer.stopped, 'duration')
    assert.equal(answer.healed, 0)
    assert.ok(sidekiq.begun.length <= 1)
  },
)
