import type { LabInstance } from '../../lab/instance/build-instance.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import { writeMedia } from '../../lab/instance/media/write-media.ts'
import { startRgw } from '../../lab/servers/ceph-rgw.ts'
import { openInstance } from '../../src/compose.ts'
import { loadConfig } from '../../src/config/load.ts'
import { silentProgress } from '../../src/core/ports/runtime.ts'
import { scan } from '../../src/core/scan.ts'
import { figure, promise } from '../measure/figure.ts'
import type { Benchmark } from './benchmark.ts'

const ACCOUNTS = 12_000
const BUCKET = 'bench-requests'
/** Small enough that several shards share a bucket of this size. */
const ROWS_PER_SHARD = 4_000

/**
 * The limit is arithmetic: a listing gives 1,000 keys, and where a shard ends its last page is seldom full. Ceph adds an
 * empty page where a shard holds a multiple of 1,000; it stays within the one request more per shard.
 */
export const requests: Benchmark = {
  name: 'requests',
  title: 'a scan asks S3 once per 1,000 keys, and at most once more per shard',
  async run(stage) {
    const lab = await stage.instance(stage.size(ACCOUNTS))
    await using rgw = await startRgw()
    const media = await s3Media({ ...rgw.address, bucket: BUCKET })
    stage.tell('filling a bucket of Ceph RGW')
    const { files } = await writeMedia(lab.world, media, { kinds: ['avatar', 'header'] })
    await media.close()
    const home = stage.folders.fresh()
    const environment = { ...lab.env, ...media.env, CORNAC_STATE_DIR: `${home}/state` }
    const nowhere = {
      workingDirectory: home,
      home,
      root: false,
      applicationFolders: [],
      machineConfigFile: `${home}/none`,
    }
    const config = await loadConfig({}, { environment, ...nowhere })
    const instance = openInstance(config, 'bench')
    try {
      const storage = await instance.storage()
      const before = storage.use()
      const startedAt = performance.now()
      const result = await scan(
        {
          records: await instance.database(),
          objects: storage,
          store: await instance.scans(),
          clock: instance.clock,
        },
        {
          instance: 'bench requests',
          kinds: ['avatar', 'header'],
          minAgeMs: 0,
          concurrency: config.scan.concurrency,
          resume: false,
          rowsPerShard: stage.size(ROWS_PER_SHARD),
        },
        { progress: silentProgress },
      )
      const seconds = (performance.now() - startedAt) / 1000
      const asked = storage.use().listRequests - before.listRequests
      const allowed = Math.ceil(files / 1_000) + result.shards
      if (result.totals.objects !== files)
        throw new Error(`the scan saw ${result.totals.objects} of ${files} objects`)
      return {
        figures: [
          promise('listing requests', asked, 'requests', allowed, {
            what: 'keys / 1,000',
            value: Math.ceil(files / 1_000),
          }),
          promise('other requests', storage.use().otherRequests - before.otherRequests, 'requests', 0),
          figure('objects compared', files / seconds, 'files/s'),
        ],
        details: [
          `${files} objects, ${result.shards} shards, ${asked} listing requests, ${allowed} allowed`,
          ...keysPerPrefix(lab).map(([prefix, keys]) => `${prefix}: ${keys} keys`),
        ],
      }
    } finally {
      await instance.close()
    }
  },
}

/** Avatars and headers below each prefix, as the lab states them. */
function keysPerPrefix(lab: LabInstance): [prefix: string, keys: number][] {
  const counts = new Map<string, number>()
  for (const { kind, key } of lab.claims()) {
    if (kind !== 'avatar' && kind !== 'header') continue
    const prefix = key.slice(0, key.search(/\d{3}\//))
    counts.set(prefix, (counts.get(prefix) ?? 0) + 1)
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
}
