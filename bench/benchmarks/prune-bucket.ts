import { DeleteObjectsCommand, S3Client } from '@aws-sdk/client-s3'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { writeMedia } from '../../lab/instance/media/write-media.ts'
import { startRgw } from '../../lab/servers/ceph-rgw.ts'
import type { S3Address } from '../../lab/servers/s3-bucket.ts'
import { figure, promise } from '../measure/figure.ts'
import { median } from '../measure/median.ts'
import type { Benchmark } from './benchmark.ts'
import { makePrunable, pruneAll, type PruneRun } from './prune-rounds.ts'

const ROUNDS = 3
const MOST_TIMES_BARE = 1.3
/** Keys of one request, the most that S3 takes. */
const KEYS = 1000
/** Requests at once: as many as bare calls are fastest with here, and as a prune makes at most. */
const AT_ONCE = 8
/** Looks at the mark, at a hundred named files before the first is laid, and at a hundred of what was removed. */
const LOOKS = 210

/** A prune of a bucket beside nothing but DeleteObjects calls for the same keys, in turn. */
export const pruneBucket: Benchmark = {
  name: 'prune-bucket',
  title:
    'a prune of a bucket asks once per 1,000 keys and takes at most 1.3 times bare DeleteObjects calls for the same keys',
  async run(stage) {
    const accounts = stage.size(10_000)
    const lab = await stage.instance(accounts, { attachments: 500 })
    const home = stage.folders.fresh()
    await using rows = await makePrunable(lab.databaseUrl)
    await using rgw = await startRgw()
    const [bare, pruned]: [number[], PruneRun[]] = [[], []]
    let keys = 0
    for (let round = 1; round <= ROUNDS; round++) {
      for (const who of ['bare', 'prune'] as const) {
        stage.tell(`filling a bucket for ${who}, round ${round} of ${ROUNDS}`)
        const bucket = `${who}-${round}`
        const media = await s3Media({ ...rgw.address, bucket })
        await writeMedia(lab.world, media)
        if (who === 'bare') {
          const all = await cached(media)
          keys = all.length
          bare.push(await removeBare(rgw.address, bucket, all))
        } else {
          await rows.putBack()
          pruned.push(await pruneAll({ ...lab.env, ...media.env }, home))
          const left = await cached(media)
          if (left.length > 0) throw new Error(`${left.length} objects of accounts are left after the prune`)
        }
        await media.close()
      }
    }
    await rows.putBack()
    const seconds = pruned.map((run) => run.seconds)
    const limit = { what: 'bare DeleteObjects', value: median(bare) }
    const requests = Math.max(...pruned.map((run) => run.requests))
    const batches = Math.ceil(rows.rows / 5000)
    return {
      figures: [
        promise('prune over bare DeleteObjects', median(seconds) / median(bare), 'x', MOST_TIMES_BARE),
        figure('seconds from lease to end', median(seconds), 's', limit),
        promise('requests', requests, 'requests', Math.ceil(keys / KEYS) + batches + LOOKS, {
          what: `for ${keys} keys`,
          value: Math.ceil(keys / KEYS),
        }),
        figure('keys removed', keys / median(seconds), 'files/s', {
          what: 'bare DeleteObjects',
          value: keys / median(bare),
        }),
      ],
      details: pruned.map(
        (run, i) =>
          `round ${i + 1}: bare ${bare[i]?.toFixed(2)} s, prune of ${run.files} files (${run.objects} objects) ` +
          `${run.seconds.toFixed(2)} s, with start and plan ${run.wholeSeconds.toFixed(2)} s, ${run.peakMb.toFixed(0)} MB`,
      ),
    }
  },
}

async function cached(media: MediaSink): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of media.list('cache/accounts/')) keys.push(key)
  return keys
}

async function removeBare(address: S3Address, bucket: string, keys: readonly string[]): Promise<number> {
  const { endpoint, region, accessKeyId, secretAccessKey } = address
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  })
  const slices: string[][] = []
  for (let at = 0; at < keys.length; at += KEYS) slices.push(keys.slice(at, at + KEYS))
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let slice = slices.shift(); slice !== undefined; slice = slices.shift()) {
        const Delete = { Objects: slice.map((Key) => ({ Key })) }
        const { Errors } = await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete }))
        if (Errors !== undefined && Errors.length > 0) throw new Error(Errors[0]?.Message)
      }
    }),
  )
  const seconds = (performance.now() - startedAt) / 1000
  client.destroy()
  return seconds
}
