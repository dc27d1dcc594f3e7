import { openSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import { writeMedia } from '../../lab/instance/media/write-media.ts'
import { figure, promise } from '../measure/figure.ts'
import { median } from '../measure/median.ts'
import type { Benchmark } from './benchmark.ts'
import { makePrunable, pruneAll, type PruneRun } from './prune-rounds.ts'

const ROUNDS = 3
const MOST_TIMES_RM = 1.2
const MOST_MB = 250

/** A prune with its journal and its database beside `rm` and `find`, which know neither, on equal trees, in turn. */
export const pruneDisk: Benchmark = {
  name: 'prune-disk',
  title:
    'a prune of 100,000 accounts’ avatars and headers on disk takes no longer than 1.2 times xargs rm and find -empty -delete',
  async run(stage) {
    const accounts = stage.size(100_000)
    // Of its own: rows are changed, and every kind has its files, or storage would not be taken for this server's.
    const lab = await stage.instance(accounts, { attachments: 500 })
    const media = diskMedia(join(stage.folders.fresh({ inMemoryBytes: accounts * 24_000 }), 'system'))
    stage.tell(`writing the files of ${accounts} accounts`)
    await writeMedia(lab.world, media)
    const home = stage.folders.fresh()
    const place = stage.folders.fresh({ inMemoryBytes: accounts * 60_000 })
    await using rows = await makePrunable(lab.databaseUrl)
    const [removed, pruned]: [number[], PruneRun[]] = [[], []]
    for (let round = 1; round <= ROUNDS; round++) {
      stage.tell(`copying trees, round ${round} of ${ROUNDS}`)
      const [one, other] = [join(place, `rm-${round}`), join(place, `prune-${round}`)]
      copyTree(media.root, one)
      removed.push(removeByHand(one, join(place, 'list')))
      spawnSync('rm', ['-rf', '--', one])
      copyTree(media.root, other)
      await rows.putBack()
      stage.tell('pruning')
      const run = await pruneAll({ ...lab.env, ...diskMedia(other).env }, home)
      const left = leftBelow(join(other, 'cache/accounts'))
      if (left !== '') throw new Error(`left after the prune:\n${left}`)
      pruned.push(run)
      spawnSync('rm', ['-rf', '--', other])
    }
    await rows.putBack()
    const seconds = pruned.map((run) => run.seconds)
    const [first] = pruned
    const limit = { what: 'rm and find', value: median(removed) }
    return {
      figures: [
        promise('prune over rm and find', median(seconds) / median(removed), 'x', MOST_TIMES_RM),
        figure('seconds from lease to end', median(seconds), 's', limit),
        figure('files removed', (first?.objects ?? 0) / median(seconds), 'files/s', {
          what: 'rm and find',
          value: (first?.objects ?? 0) / median(removed),
        }),
        promise('peak memory', Math.max(...pruned.map(({ peakMb }) => peakMb)), 'MB', MOST_MB),
      ],
      details: pruned.map(
        (run, i) =>
          `round ${i + 1}: rm and find ${removed[i]?.toFixed(2)} s, prune of ${run.files} files (${run.objects} objects, ` +
          `${rows.rows} rows) ${run.seconds.toFixed(2)} s, with start and plan ${run.wholeSeconds.toFixed(2)} s, ${run.peakMb.toFixed(0)} MB`,
      ),
    }
  },
}

function copyTree(from: string, to: string): void {
  const { status, stderr } = spawnSync('cp', ['-a', '--', from, to], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

/** Seconds that `xargs -0 rm` with the list at hand and `find -type d -empty -delete` take. */
function removeByHand(root: string, list: string): number {
  const cache = join(root, 'cache/accounts')
  shell(`find "$1" -type f -print0 > "$2"`, cache, list)
  const input = openSync(list, 'r')
  const startedAt = performance.now()
  const rm = spawnSync('xargs', ['-0', 'rm'], { stdio: [input, 'ignore', 'inherit'] })
  const find = spawnSync('find', [cache, '-type', 'd', '-empty', '-delete'], { stdio: 'inherit' })
  const seconds = (performance.now() - startedAt) / 1000
  if (rm.status !== 0 || find.status !== 0) throw new Error('rm or find failed')
  return seconds
}

function leftBelow(folder: string): string {
  return shell(`[ ! -e "$1" ] || find "$1" -mindepth 1 | head -20`, folder)
}

function shell(script: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', ...words], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout.trim()
}
