/** Several processes on one instance: one works, the others say who does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import { startS3Dialect } from '../../lab/servers/s3-dialect.ts'
import { slowPerKey } from '../../lab/servers/s3-vices/removing.ts'
import { brokenInstance } from '../broken-instance.ts'
import { truthOf, without } from '../faults/truth.ts'
import { needs } from '../needs.ts'
import { runCornac } from '../run-cornac.ts'
import { freshName, sharedRgw } from '../shared-servers.ts'

const PRUNE = ['prune', 'avatars', 'headers', 'attachments', 'cards', '--preset', 'tootctl', '--days', '0']
const LEAVE = [
  '--during-vacuum',
  '--beside-tootctl',
  ...['avatars', 'headers', 'attachments', 'thumbnails', 'cards'].flatMap((kind) => [
    '--allow-share',
    `${kind}=100%`,
  ]),
]

test(
  'of five prunes at once one works; the others name it and end with 5, and nothing was done twice',
  { ...needs('postgres', 'ceph-rgw'), timeout: 180_000 },
  async () => {
    const rgw = await sharedRgw()
    const media = await s3Media({ ...rgw.address, bucket: freshName('five') })
    await using world = await brokenInstance({ media, accounts: 60, whole: true })
    const before = await truthOf(world.lab)
    // Slow enough for all five to meet.
    await using slow = await startS3Dialect(rgw.address, [slowPerKey(40)])
    const { endpoint } = slow.address
    const env = { ...world.env, S3_ENDPOINT: endpoint, S3_HOSTNAME: new URL(endpoint).host }
    const argv = [...PRUNE, ...LEAVE, '--apply']
    const ends = await Promise.all(
      Array.from({ length: 5 }, () => runCornac(argv, { env, timeoutMs: 150_000 })),
    )
    assert.deepEqual(
      ends.map(({ code }) => code ?? -1).sort((a, b) => a - b),
      [0, 5, 5, 5, 5],
      ends.map(({ code, stderr }) => `${code}: ${stderr}`).join('\n'),
    )
    for (const { code, stderr, stdout } of ends)
      if (code === 5) assert.match(stderr + stdout, /cornac prune on \S+, process \d+, is at work since/)
    const after = await truthOf(world.lab)
    assert.deepEqual(without(after.dangling, before.dangling), [])
    assert.deepEqual(
      without(after.unclaimed, before.unclaimed).filter((key) => key !== 'cornac/canary'),
      [],
    )
    await media.close()
  },
)
