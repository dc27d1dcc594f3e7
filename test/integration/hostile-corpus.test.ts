/** Every hostile picture ends as it has to, in time, and in bounded memory. In a process of its own, so that a crash is seen. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Ending, HostilePicture } from '../../lab/hostile/hostile-picture.ts'
import { hostilePictures } from '../../lab/hostile/hostile-pictures.ts'
import { recipeOf } from '../../src/core/heal/mend/recipes.ts'
import { HOSTILE_KINDS } from '../make-hostile-pictures.ts'
import type { HostileEnding } from '../make-hostile-pictures.ts'

const CHILD = fileURLToPath(new URL('../make-hostile-pictures.ts', import.meta.url))

/**
 * Two pictures of the largest size Mastodon takes hold 250 MB in one decoder; what remains is what the allocator keeps for
 * each of four threads, and the building of the pictures.
 */
const MOST_MEMORY = 1280 * 1024 * 1024

/** GIF is the only type whose rules differ between the kinds, JPEG the only one emoji may not have. */
function allowed(picture: HostilePicture, kind: HostileEnding['kind'], start: string): readonly string[] {
  if (kind === 'emoji')
    return start === '\xff\xd8\xff' ? ['wrong-type'] : [...picture.expect, ...(picture.attachment ?? [])]
  if (kind === 'avatar') return picture.expect
  const gif: readonly Ending[] = start === 'GIF' ? ['animated', 'too-many-pixels'] : []
  return picture.attachment ?? [...picture.expect, ...gif]
}

describe('hostile pictures', { timeout: 300_000 }, () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const pictures = hostilePictures(seed)
  const endings: HostileEnding[] = []
  let peakBytes = 0
  before(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [CHILD, String(seed)], {
      maxBuffer: 64 * 1024 * 1024,
    })
    for (const line of stdout.trim().split('\n')) {
      const told = JSON.parse(line) as HostileEnding | { peakBytes: number }
      if ('peakBytes' in told) peakBytes = told.peakBytes
      else endings.push(told)
    }
  })

  it('are many, of different names, and the same bytes for the same seed', async () => {
    assert.ok(pictures.length >= 400)
    assert.equal(new Set(pictures.map(({ name }) => name)).size, pictures.length)
    const again = hostilePictures(seed)
    for (let at = 0; at < pictures.length; at += 29) {
      const [one, other] = [await pictures[at]?.bytes(), await again[at]?.bytes()]
      assert.ok(Buffer.from(one ?? []).equals(Buffer.from(other ?? [])), pictures[at]?.name)
    }
  })

  it('all end as they have to, whatever is made of them', () => {
    assert.equal(endings.length, pictures.length * HOSTILE_KINDS.length, 'the process told of every picture')
    const wrong: string[] = []
    const byName = new Map(pictures.map((picture) => [picture.name, picture]))
    for (const { name, kind, start, outcome, detail } of endings) {
      const picture = byName.get(name)
      assert.ok(picture !== undefined)
      const ends = allowed(picture, kind, start)
      if (!ends.includes(outcome))
        wrong.push(`${name} as ${kind}: ${outcome} ${detail}, not ${ends.join(' or ')}`)
    }
    assert.deepEqual(wrong, [], `seed ${seed}`)
  })

  it('none takes longer than a picture may', () => {
    const { timeoutMs } = recipeOf('avatar')
    const late = endings.filter(({ ms }) => ms > timeoutMs)
    assert.deepEqual(late, [], `seed ${seed}`)
  })

  it('together they never take more memory than a small server has to spare', () => {
    const mebibytes = Math.round(peakBytes / 1024 / 1024)
    assert.ok(peakBytes > 0 && peakBytes < MOST_MEMORY, `${mebibytes} MiB, seed ${seed}`)
  })
})
