import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { needs } from '../../../test/needs.ts'
import { freshName, sharedRgw, sharedSwift } from '../../../test/shared-servers.ts'
import type { S3Address } from '../../servers/s3-bucket.ts'
import { claimsOf } from '../claims.ts'
import { drawPictures } from '../pictures.ts'
import { worldOf } from '../world.ts'
import type { MediaSink } from './media-sink.ts'
import { s3Media } from './s3-media.ts'
import { writeMedia } from './write-media.ts'

const world = worldOf({ version: '4.6', accounts: 60, seed: 5 }, await drawPictures(5, 'tiny'))
const sinks: MediaSink[] = []
after(() => Promise.all(sinks.map((sink) => sink.close())))

const STORES = [
  { server: 'swift', address: async () => (await sharedSwift()).s3 },
  { server: 'ceph-rgw', address: async () => (await sharedRgw()).address },
] as const

for (const { server, address } of STORES) {
  for (const keyPrefix of [undefined, 'media/of-mastodon']) {
    const where = keyPrefix === undefined ? server : `${server} below a key prefix`
    test(`media on ${where} is whole, can be read, and goes when removed`, needs(server), async () => {
      const sink = await opened(await address(), keyPrefix)
      const expected = new Map([...claimsOf(world)].map((claim) => [claim.key, claim]))
      assert.equal((await writeMedia(world, sink)).files, expected.size)
      assert.deepEqual(await listed(sink), [...expected.keys()].sort())
      const [claim] = [...expected.values()].filter(({ key }) => key.includes('象'))
      assert.ok(claim !== undefined)
      assert.deepEqual(Buffer.from((await sink.get(claim.key)) ?? []), claim.content)
      await sink.remove([claim.key, 'never/was'])
      assert.equal(await sink.get(claim.key), null)
      assert.deepEqual(await listed(sink), [...expected.keys()].filter((key) => key !== claim.key).sort())
    })
  }
}

async function opened(address: S3Address, keyPrefix: string | undefined): Promise<MediaSink> {
  const sink = await s3Media({ ...address, bucket: freshName('lab-media'), keyPrefix })
  sinks.push(sink)
  assert.equal(sink.env['S3_KEY_PREFIX'], keyPrefix)
  return sink
}

async function listed(sink: MediaSink): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const { key } of sink.list('')) keys.push(key)
  return keys.sort()
}
