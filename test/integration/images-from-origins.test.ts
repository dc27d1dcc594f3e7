/** From an origin to the files Mastodon would store, over real HTTP: what arrives is judged by its bytes alone. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startFediverse } from '../../lab/fediverse/fediverse.ts'
import type { Fediverse } from '../../lab/fediverse/fediverse.ts'
import { PICTURE_EXTENSIONS } from '../../lab/fediverse/pictures.ts'
import type { Vice } from '../../lab/fediverse/vices.ts'
import { openImageMaker } from '../../src/adapters/images/open-image-maker.ts'
import { openOriginFetcher } from '../../src/adapters/origin/open-origin-fetcher.ts'
import type { OpenOriginFetcher } from '../../src/adapters/origin/open-origin-fetcher.ts'
import type { ImageOutcome, ImageRecipe } from '../../src/core/ports/images.ts'

const AVATAR: ImageRecipe = {
  types: ['image/jpeg', 'image/png', 'image/gif', 'image/webp'],
  geometry: { rule: 'cover', width: 400, height: 400, enlarge: true },
  still: 'gif',
  small: null,
  blurhash: false,
  gifAsJpeg: false,
  animations: 'keep',
  maxGifPixels: null,
  maxSourcePixels: 4_000_000,
  timeoutMs: 5_000,
}

describe('pictures from origins', () => {
  let fediverse: Fediverse
  let fetcher: OpenOriginFetcher
  const maker = openImageMaker()
  before(async () => {
    fediverse = await startFediverse({ hosts: 1 })
    fetcher = openOriginFetcher({
      allowedPrivateRanges: ['127.77.0.0/16'],
      userAgent: 'lab',
      signer: null,
      perHost: 2,
      clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
    })
  })
  after(async () => {
    await fetcher.close()
    await fediverse.stop()
  })

  async function makeFrom(url: string): Promise<ImageOutcome> {
    const fetched = await fetcher.fetch(url, { maxBytes: 8 * 1024 * 1024, timeoutMs: 5_000 })
    if (fetched.kind !== 'fetched') assert.fail(`not fetched: ${fetched.kind}`)
    return maker.make(fetched.bytes, AVATAR)
  }

  it('every type an origin serves becomes an avatar, and GIF gets a still', async () => {
    for (const extension of PICTURE_EXTENSIONS) {
      const outcome = await makeFrom(
        fediverse.urlFor({ username: 'ada', host: 0, which: 'avatar', extension }),
      )
      if (outcome.kind !== 'made') assert.fail(`${extension}: ${outcome.kind}`)
      assert.equal(outcome.extension, `.${extension.replace('animated.', '')}`)
      assert.equal(outcome.still !== null, extension.endsWith('gif'))
    }
  })

  const vices: readonly (readonly [Vice, ImageOutcome])[] = [
    [{ kind: 'page' }, { kind: 'wrong-type', found: 'text/html' }],
    [
      { kind: 'file', file: 'svg' },
      { kind: 'wrong-type', found: 'image/svg+xml' },
    ],
    [
      { kind: 'file', file: 'bmp' },
      { kind: 'wrong-type', found: 'image/bmp' },
    ],
    [
      { kind: 'file', file: 'avif' },
      { kind: 'wrong-type', found: 'image/avif' },
    ],
    [
      { kind: 'file', file: 'pdf' },
      { kind: 'wrong-type', found: 'application/pdf' },
    ],
    [
      { kind: 'file', file: 'text' },
      { kind: 'wrong-type', found: 'text/plain' },
    ],
    [
      { kind: 'file', file: 'empty' },
      { kind: 'wrong-type', found: 'empty' },
    ],
    [
      { kind: 'file', file: 'png-bomb' },
      { kind: 'too-many-pixels', pixels: 400_000_000 },
    ],
    [
      { kind: 'file', file: 'webp-bomb' },
      { kind: 'too-many-pixels', pixels: 268_435_456 },
    ],
    [
      { kind: 'file', file: 'gif-bomb' },
      { kind: 'too-many-pixels', pixels: 65_535 ** 2 },
    ],
  ]
  for (const [vice, expected] of vices) {
    it(`${vice.kind === 'file' ? vice.file : vice.kind} ends as ${expected.kind}`, async () => {
      fediverse.setVice('bob', vice)
      assert.deepEqual(
        await makeFrom(fediverse.urlFor({ username: 'bob', host: 0, which: 'avatar' })),
        expected,
      )
    })
  }

  it('a wrong type in the header changes nothing', async () => {
    fediverse.setVice('cy', { kind: 'wrong-type', contentType: 'text/html' })
    const outcome = await makeFrom(
      fediverse.urlFor({ username: 'cy', host: 0, which: 'avatar', extension: 'jpg' }),
    )
    assert.equal(outcome.kind === 'made' ? outcome.original.contentType : outcome.kind, 'image/jpeg')
  })
})
