import { spawnSync } from 'node:child_process'
import { openSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { claimsOf } from '../../lab/instance/claims.ts'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import { writeMedia } from '../../lab/instance/media/write-media.ts'
import { drawPictures } from '../../lab/instance/pictures.ts'
import { worldOf } from '../../lab/instance/world.ts'
import { openFileStorage } from '../../src/adapters/storage/fs.ts'
import { compareKeys } from '../../src/core/model/key-order.ts'
import { figure, promise } from '../measure/figure.ts'
import { median } from '../measure/median.ts'
import { SEED, type Stage } from '../stage/stage.ts'
import type { Benchmark, Outcome } from './benchmark.ts'

const ROUNDS = 3
const KEYS_PER_CALL = 10_000
/** A prune may take 1.2 times as long, with its journal and its database: the files must leave most of that to them. */
const MOST_TIMES_RM = 0.7
const BYTES_PER_ACCOUNT = 24_000
const KINDS = ['avatar', 'header'] as const

/** Storage's removal alone, without rows and journal, beside `rm` and `find`, which are given the same list; in turn. */
export const remove: Benchmark = {
  name: 'remove',
  title:
    'storage removes 100,000 accounts’ avatars and headers much faster than xargs rm and find -empty -delete',
  async run(stage) {
    const accounts = stage.size(100_000)
    const inMemory = stage.folders.fresh({ inMemoryBytes: 3 * accounts * BYTES_PER_ACCOUNT })
    const memory = await compare(stage, 'in memory', inMemory, accounts)
    const disk = await compare(stage, 'on disk', stage.folders.fresh(), stage.size(10_000))
    return {
      figures: [...memory.figures, ...disk.figures],
      details: [...memory.details, ...disk.details],
    }
  },
}

async function compare(
  stage: Stage,
  where: 'in memory' | 'on disk',
  place: string,
  accounts: number,
): Promise<Outcome> {
  stage.tell(`writing avatars and headers of ${accounts} accounts to ${place}`)
  const world = worldOf({ version: '4.5', accounts, seed: SEED }, await drawPictures(SEED, 'tiny'))
  const media = diskMedia(join(place, 'system'))
  await writeMedia(world, media, { kinds: KINDS })
  const keys: string[] = []
  for (const { key } of claimsOf(world, KINDS)) if (key.startsWith('cache/')) keys.push(key)
  keys.sort(compareKeys)
  const [byHand, ours]: [number[], number[]] = [[], []]
  for (let round = 1; round <= ROUNDS; round++) {
    stage.tell(`round ${round} of ${ROUNDS} ${where}`)
    byHand.push(await onCopy(media.root, join(place, 'by-hand'), (root) => removeByHand(root, keys)))
    ours.push(await onCopy(media.root, join(place, 'ours'), (root) => removeByStorage(root, keys)))
  }
  const [limit, seconds] = [median(byHand), median(ours)]
  return {
    figures: [
      // A disk that others write to waits for them in its own time.
      where === 'in memory'
        ? promise(`removal over rm and find, ${where}`, seconds / limit, 'x', MOST_TIMES_RM)
        : figure(`removal over rm and find, ${where}`, seconds / limit, 'x'),
      figure(`files removed, ${where}`, keys.length / seconds, 'files/s', {
        what: 'rm and find',
        value: keys.length / limit,
      }),
    ],
    details: ours.map(
      (each, i) =>
        `${where}, round ${i + 1}: rm and find ${byHand[i]!.toFixed(2)} s, storage ${each.toFixed(2)} s, ` +
        `${(each / byHand[i]!).toFixed(2)}x, ${keys.length} files`,
    ),
  }
}

/** Seconds the work takes on a copy of the tree, which must not hold one remote file or folder afterwards. */
async function onCopy(tree: string, copy: string, work: (root: string) => Promise<number>): Promise<number> {
  run('cp', ['-a', '--', tree, copy])
  run('sync', ['-f', copy])
  const seconds = await work(copy)
  if (readdirSync(copy).includes('cache')) throw new Error(`something is left in ${copy}/cache`)
  run('rm', ['-rf', '--', copy])
  return seconds
}

async function removeByHand(root: string, keys: readonly string[]): Promise<number> {
  const list = `${root}.list`
  writeFileSync(list, keys.map((key) => `${join(root, key)}\0`).join(''))
  const input = openSync(list, 'r')
  const startedAt = performance.now()
  run('xargs', ['-0', 'rm'], input)
  run('find', [join(root, 'cache'), '-type', 'd', '-empty', '-delete'])
  return (performance.now() - startedAt) / 1000
}

async function removeByStorage(root: string, keys: readonly string[]): Promise<number> {
  const storage = openFileStorage({ root })
  const startedAt = performance.now()
  for (let at = 0; at < keys.length; at += KEYS_PER_CALL) {
    const answers = await storage.remove(keys.slice(at, at + KEYS_PER_CALL))
    const refused = answers.find((answer) => !answer.removed)
    if (refused !== undefined) throw new Error(JSON.stringify(refused))
  }
  const seconds = (performance.now() - startedAt) / 1000
  await storage.close()
  return seconds
}

function run(command: string, args: readonly string[], input: number | 'ignore' = 'ignore'): void {
  const { status, stderr } = spawnSync(command, args, { stdio: [input, 'ignore', 'pipe'], encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`)
}
