/** What becomes of the pictures of each kind, by the recipes Mastodon's own are written down in. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decode } from 'blurhash'
import sharp from 'sharp'
import type { Sharp } from 'sharp'
import { gifOnCanvas } from '../../../lab/fediverse/odd-files.ts'
import { recipeOf } from '../../core/heal/mend/recipes.ts'
import type { ImageFile, ImageOutcome, ImageRecipe } from '../../core/ports/images.ts'
import { encodeBlurhash } from './encode-blurhash.ts'
import { openImageMaker } from './open-image-maker.ts'

const maker = openImageMaker({ parallel: 2 })
const ATTACHMENT = recipeOf('attachment')
const FORMATS = ['jpeg', 'png', 'webp'] as const

/** Green grows to the right, blue downwards: a picture whose blurhash says where is what. */
function slope(width: number, height: number): Sharp {
  const pixels = Buffer.alloc(width * height * 3)
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [at % width, Math.floor(at / width)]
    pixels.set([40, Math.round((255 * x) / width), Math.round((255 * y) / height)], at * 3)
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
}

async function made(bytes: Uint8Array, recipe: ImageRecipe): Promise<ImageOutcome & { kind: 'made' }> {
  const outcome = await maker.make(bytes, recipe)
  if (outcome.kind !== 'made') assert.fail(`expected a picture, got ${JSON.stringify(outcome)}`)
  return outcome
}

async function derived(bytes: Uint8Array, style: 'static' | 'small', recipe: ImageRecipe) {
  const outcome = await maker.derive(bytes, style, recipe)
  if (outcome.kind !== 'derived') assert.fail(`expected a variant, got ${JSON.stringify(outcome)}`)
  return outcome
}

async function seen({ bytes }: ImageFile) {
  const { width, height, format, pages, exif } = await sharp(bytes).metadata()
  return { width, height, format, pages: pages ?? 1, exif }
}

async function animation(format: 'gif' | 'webp', width: number, height: number): Promise<Buffer> {
  const frames = ['#ff0000', '#0000ff', '#00ff00'].map((background) =>
    sharp({ create: { width, height, channels: 3, background } })
      .png()
      .toBuffer(),
  )
  return sharp(await Promise.all(frames), { join: { animated: true } })
    .toFormat(format)
    .toBuffer()
}

describe('attachments', () => {
  for (const format of FORMATS) {
    it(`a large ${format} shrinks to 8,294,400 pixels, its small to 230,400, both in its shape and type`, async () => {
      const bytes = await slope(4200, 2100).toFormat(format).toBuffer()
      const { original, small, still, sizes, extension } = await made(bytes, ATTACHMENT)
      assert.ok(small !== null && sizes.small !== null && still === null)
      for (const [file, size, most] of [
        [original, sizes.original, 8_294_400],
        [small, sizes.small, 230_400],
      ] as const) {
        const { width, height, format: written } = await seen(file)
        assert.deepEqual({ width, height }, size)
        assert.equal(written, format)
        assert.equal(file.contentType, `image/${format}`)
        assert.ok(width * height <= most && width * height > most * 0.98, `${width}x${height}`)
        assert.ok(Math.abs(width / height - 2) < 0.01)
      }
      assert.equal(extension, format === 'jpeg' ? '.jpg' : `.${format}`)
    })

    it(`a ${format} within the limit of both is kept, and is its own small`, async () => {
      const bytes = await slope(640, 360).toFormat(format).toBuffer()
      const { original, small, sizes } = await made(bytes, ATTACHMENT)
      assert.equal(original.bytes, bytes)
      assert.equal(small, original)
      assert.deepEqual(sizes, {
        original: { width: 640, height: 360 },
        small: { width: 640, height: 360 },
      })
    })
  }

  it('one pixel above the limit of small is enough for a small of its own', async () => {
    const bytes = await slope(641, 360).jpeg().toBuffer()
    const { original, small, sizes } = await made(bytes, ATTACHMENT)
    assert.equal(original.bytes, bytes)
    assert.notEqual(small?.bytes, bytes)
    assert.ok((sizes.small?.width ?? 0) <= 640 && (sizes.small?.width ?? 0) >= 638)
  })

  it('what carries EXIF loses it in both files, however small it is', async () => {
    for (const [width, height] of [
      [300, 200],
      [1200, 900],
    ] as const) {
      const bytes = await slope(width, height)
        .jpeg()
        .withExif({ IFD0: { Artist: 'ada' } })
        .toBuffer()
      const { original, small } = await made(bytes, ATTACHMENT)
      assert.ok(small !== null)
      assert.deepEqual([(await seen(original)).exif, (await seen(small)).exif], [undefined, undefined])
    }
  })

  it('a GIF that stands still is kept whatever its size, and its small is the unchanged GIF', async () => {
    const bytes = await slope(1200, 700).gif().toBuffer()
    const { original, small, sizes, extension } = await made(bytes, ATTACHMENT)
    assert.equal(original.bytes, bytes)
    assert.equal(small, original)
    assert.equal(small?.contentType, 'image/gif')
    assert.deepEqual([sizes.small, extension], [{ width: 1200, height: 700 }, '.gif'])
  })

  it('a GIF of 1280x720 passes, of one row more does not', async () => {
    assert.equal((await maker.make(gifOnCanvas(1280, 720), ATTACHMENT)).kind, 'made')
    const outcome = await maker.make(gifOnCanvas(1280, 721), ATTACHMENT)
    assert.deepEqual(outcome, { kind: 'too-many-pixels', pixels: 1280 * 721 })
  })

  it('an animated GIF is refused with its frames told, however many they are', async () => {
    const outcome = await maker.make(await animation('gif', 90, 60), ATTACHMENT)
    assert.deepEqual(outcome, { kind: 'animated', frames: 3 })
    const many = await maker.make(gifOnCanvas(2, 2, 4000), ATTACHMENT)
    assert.deepEqual(many, { kind: 'animated', frames: 4000 })
  })

  it('an animated WebP keeps its frames while it fits; a small of its own has the first alone', async () => {
    const bytes = await animation('webp', 900, 600)
    const { original, small } = await made(bytes, ATTACHMENT)
    assert.equal(original.bytes, bytes)
    assert.ok(small !== null)
    assert.deepEqual([(await seen(small)).pages, (await seen(small)).format], [1, 'webp'])
  })
})

describe('blurhash', () => {
  it('has 4x4 components and looks like the picture, though a shrunken copy is looked at', async () => {
    for (const format of FORMATS) {
      const bytes = await slope(1600, 900).toFormat(format).toBuffer()
      const { blurhash, small } = await made(bytes, ATTACHMENT)
      assert.ok(blurhash !== null && small !== null)
      // The first letter holds the components: (4 - 1) + (4 - 1) * 9 = 30, the digit U.
      assert.match(blurhash, /^U.{35}$/)
      const whole = await sharp(small.bytes).ensureAlpha().resize(32, 18, { fit: 'fill' }).raw().toBuffer()
      const painted = decode(blurhash, 32, 18)
      let apart = 0
      for (let at = 0; at < whole.length; at++) apart += Math.abs((whole[at] ?? 0) - (painted[at] ?? 0))
      assert.ok(apart / whole.length < 12, `${format}: ${apart / whole.length}`)
    }
  })

  it('is nearly the one of every pixel of the small file', async () => {
    const { blurhash, small } = await made(await slope(1600, 900).png().toBuffer(), ATTACHMENT)
    assert.ok(blurhash !== null && small !== null)
    const { data, info } = await sharp(small.bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
    const exact = encodeBlurhash(data, info.width, info.height, info.channels)
    const [ours, theirs] = [decode(blurhash, 32, 18), decode(exact, 32, 18)]
    const apart = ours.map((value, at) => Math.abs(value - (theirs[at] ?? 0)))
    const mean = apart.reduce((sum, by) => sum + by, 0) / apart.length
    assert.ok(mean < 5, `${mean} apart, of 255`)
  })

  it('is made for attachments, thumbnails and cards, also of one pixel and of one row, and for nothing else', async () => {
    for (const [width, height] of [
      [1, 1],
      [3000, 1],
      [1, 3000],
    ] as const) {
      const bytes = await slope(width, height).png().toBuffer()
      for (const kind of ['attachment', 'thumbnail', 'card'] as const)
        assert.match((await made(bytes, recipeOf(kind))).blurhash ?? '', /^U.{35}$/, kind)
      for (const kind of ['avatar', 'header', 'emoji'] as const)
        assert.equal((await made(bytes, recipeOf(kind))).blurhash, null, kind)
    }
  })
})

describe('cards and thumbnails', () => {
  it('shrink to 230,400 pixels and have one file', async () => {
    for (const kind of ['card', 'thumbnail'] as const) {
      const bytes = await slope(1200, 630).jpeg().toBuffer()
      const { original, small, still, sizes } = await made(bytes, recipeOf(kind))
      const { width, height } = await seen(original)
      assert.ok(width * height <= 230_400 && width * height > 228_000)
      assert.deepEqual([small, still, sizes], [null, null, { original: { width, height }, small: null }])
    }
  })

  it('a card of a GIF holds a JPEG of its first frame and goes by the name and type of a GIF', async () => {
    for (const bytes of [await animation('gif', 900, 600), await animation('gif', 30, 20)]) {
      const { original, extension, sizes } = await made(bytes, recipeOf('card'))
      const { format, width, height } = await seen(original)
      assert.deepEqual([format, original.contentType, extension], ['jpeg', 'image/gif', '.gif'])
      assert.deepEqual(sizes.original, { width, height })
      const [red, green, blue] = await sharp(original.bytes).resize(1, 1).raw().toBuffer()
      assert.ok((red ?? 0) > 240 && (green ?? 0) < 15 && (blue ?? 0) < 15)
    }
  })

  it('a card of a GIF without number of frames costs one frame', async () => {
    assert.equal((await maker.make(gifOnCanvas(600, 300, 20_000), recipeOf('card'))).kind, 'made')
  })
})

describe('avatars by ImageMagick', () => {
  it('a small one becomes a square of its smaller side, a large one 400x400', async () => {
    const recipe = recipeOf('avatar', '4.3', null)
    for (const [width, height, side] of [
      [120, 80, 80],
      [1000, 300, 300],
      [800, 600, 400],
    ] as const) {
      const { sizes } = await made(await slope(width, height).png().toBuffer(), recipe)
      assert.deepEqual(sizes.original, { width: side, height: side })
    }
    const square = await slope(90, 90).png().toBuffer()
    assert.equal((await made(square, recipe)).original.bytes, square)
  })
})

describe('a variant made of the original in storage', () => {
  it('is what was made with the original, for small and static', async () => {
    for (const format of FORMATS) {
      const { original, sizes } = await made(await slope(1200, 900).toFormat(format).toBuffer(), ATTACHMENT)
      const { file, size } = await derived(original.bytes, 'small', ATTACHMENT)
      assert.deepEqual(size, sizes.small)
      const { width, height, format: written } = await seen(file)
      assert.deepEqual([{ width, height }, written, file.contentType], [size, format, `image/${format}`])
    }
    for (const kind of ['avatar', 'header', 'emoji'] as const) {
      const { original, still } = await made(await animation('gif', 300, 200), recipeOf(kind))
      assert.ok(still !== null)
      const { file } = await derived(original.bytes, 'static', recipeOf(kind))
      assert.equal(file.contentType, 'image/png')
      assert.deepEqual(await seen(file), await seen(still))
    }
  })

  it('a small that needs no shrinking, and every GIF, is the original byte for byte', async () => {
    for (const bytes of [await slope(300, 200).png().toBuffer(), await slope(1200, 700).gif().toBuffer()])
      assert.equal((await derived(bytes, 'small', ATTACHMENT)).file.bytes, bytes)
  })

  it('an original that is cut off, no picture or too large says so', async () => {
    const bytes = await slope(1200, 900).jpeg().toBuffer()
    const half = bytes.subarray(0, bytes.length / 2)
    assert.equal((await maker.derive(half, 'small', ATTACHMENT)).kind, 'broken')
    assert.deepEqual(await maker.derive(Buffer.from('<html>'), 'static', recipeOf('emoji')), {
      kind: 'wrong-type',
      found: 'text/html',
    })
    const tight = { ...ATTACHMENT, maxSourcePixels: 1_000_000 }
    assert.equal((await maker.derive(bytes, 'small', tight)).kind, 'too-many-pixels')
  })

  it('a small of a kind that has none is a mistake of the program', async () => {
    const bytes = await slope(30, 20).png().toBuffer()
    await assert.rejects(maker.derive(bytes, 'small', recipeOf('avatar')), RangeError)
  })
})
