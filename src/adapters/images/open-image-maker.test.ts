/** What becomes of good pictures. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import sharp from 'sharp'
import type { Sharp } from 'sharp'
import { pngChunk, webpOfOneColour } from '../../../lab/fediverse/odd-files.ts'
import type { ImageFile, ImageOutcome, ImageRecipe } from '../../core/ports/images.ts'
import { openImageMaker } from './open-image-maker.ts'

const TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp']
const AVATAR: ImageRecipe = {
  types: TYPES,
  geometry: { rule: 'cover', width: 400, height: 400, enlarge: true },
  still: 'gif',
  small: null,
  blurhash: false,
  gifAsJpeg: false,
  animations: 'keep',
  maxGifPixels: null,
  maxSourcePixels: 4_000_000,
  timeoutMs: 10_000,
}
const HEADER: ImageRecipe = { ...AVATAR, geometry: { rule: 'pixels', max: 750_000 } }
const EMOJI: ImageRecipe = {
  ...AVATAR,
  types: ['image/png', 'image/gif', 'image/webp'],
  geometry: { rule: 'keep' },
  still: 'always',
}
type Format = 'jpeg' | 'png' | 'gif' | 'webp'
const FORMATS: readonly Format[] = ['jpeg', 'png', 'gif', 'webp']
const maker = openImageMaker({ parallel: 2 })

/** Left half red, right half blue: shows orientation and colour. */
function halves(width: number, height: number, channels: 3 | 4 = 3): Sharp {
  const pixels = Buffer.alloc(width * height * channels, 255)
  for (let at = 0; at < width * height; at++) {
    const red = at % width < width / 2
    pixels.set([red ? 255 : 0, 0, red ? 0 : 255], at * channels)
  }
  return sharp(pixels, { raw: { width, height, channels } })
}

/** One full frame of each colour. */
async function animation(
  format: 'gif' | 'webp',
  width: number,
  height: number,
  colours = ['#ff0000', '#0000ff', '#00ff00'],
): Promise<Buffer> {
  const frames = colours.map((background) =>
    sharp({ create: { width, height, channels: 3, background } })
      .png()
      .toBuffer(),
  )
  const joined = sharp(await Promise.all(frames), { join: { animated: true } })
  const delay = colours.map((_, index) => 100 + index * 10)
  return format === 'gif' ? joined.gif({ loop: 2, delay }).toBuffer() : joined.webp({ delay }).toBuffer()
}

async function made(bytes: Uint8Array, recipe: ImageRecipe): Promise<ImageOutcome & { kind: 'made' }> {
  const outcome = await maker.make(bytes, recipe)
  if (outcome.kind !== 'made') assert.fail(`expected a picture, got ${JSON.stringify(outcome)}`)
  return outcome
}

const facts = (file: ImageFile) => sharp(file.bytes).metadata()

async function pixelAt(file: ImageFile, left: number, top: number, page = 0): Promise<readonly number[]> {
  const region = { left, top, width: 1, height: 1 }
  return [
    ...(await sharp(file.bytes, { page })
      .toColourspace('srgb')
      .removeAlpha()
      .extract(region)
      .raw()
      .toBuffer()),
  ]
}

const near = (actual: readonly number[], wanted: readonly number[]): boolean =>
  wanted.every((value, index) => Math.abs(value - (actual[index] ?? -999)) < 24)

describe('avatars', () => {
  for (const format of FORMATS) {
    it(`a large ${format} becomes 400x400 of the same type`, async () => {
      const { original, extension } = await made(await halves(800, 600).toFormat(format).toBuffer(), AVATAR)
      const { width, height, format: written } = await facts(original)
      assert.deepEqual([width, height, written, original.contentType], [400, 400, format, `image/${format}`])
      assert.equal(extension, format === 'jpeg' ? '.jpg' : `.${format}`)
      assert.ok(near(await pixelAt(original, 20, 200), [255, 0, 0]))
      assert.ok(near(await pixelAt(original, 380, 200), [0, 0, 255]))
    })

    it(`a ${format} that fits, or of which one side fits, is kept byte for byte`, async () => {
      for (const [width, height] of [
        [400, 400],
        [400, 90],
        [37, 400],
      ] as const) {
        const bytes = await halves(width, height).toFormat(format).toBuffer()
        assert.equal((await made(bytes, AVATAR)).original.bytes, bytes)
      }
    })
  }

  it('a small one is enlarged, as Mastodon with libvips does', async () => {
    const { original } = await made(await halves(16, 24).png().toBuffer(), AVATAR)
    const { width, height } = await facts(original)
    assert.deepEqual([width, height], [400, 400])
  })

  it('one pixel, a line and a column are pictures too', async () => {
    for (const [width, height] of [
      [1, 1],
      [20_000, 1],
      [1, 20_000],
    ] as const) {
      const { original } = await made(await halves(width, height).png().toBuffer(), AVATAR)
      assert.equal((await facts(original)).width, 400)
    }
  })

  it('only a GIF gets a still', async () => {
    for (const format of FORMATS) {
      const { still } = await made(await halves(50, 60).toFormat(format).toBuffer(), AVATAR)
      assert.equal(still?.contentType, format === 'gif' ? 'image/png' : undefined)
    }
  })
})

describe('headers', () => {
  it('too many pixels shrink in proportion and stay within the limit', async () => {
    for (const format of FORMATS) {
      const { original } = await made(await halves(1999, 777).toFormat(format).toBuffer(), HEADER)
      const { width, height } = await facts(original)
      assert.ok(width * height <= 750_000 && width * height > 745_000, `${width}x${height}`)
      assert.ok(Math.abs(width / height - 1999 / 777) < 0.01)
    }
  })

  it('a small one is not enlarged', async () => {
    const bytes = await halves(300, 100).jpeg().toBuffer()
    assert.equal((await made(bytes, HEADER)).original.bytes, bytes)
  })
})

describe('emoji', () => {
  it('keep their bytes, metadata included, and always get a PNG of the same size beside them', async () => {
    for (const format of ['png', 'gif', 'webp'] as const) {
      const bytes = await halves(64, 48)
        .toFormat(format)
        .withExif({ IFD0: { Artist: 'ada' } })
        .toBuffer()
      const { original, still } = await made(bytes, EMOJI)
      assert.equal(original.bytes, bytes)
      assert.ok(still !== null)
      const { width, height, format: written, exif } = await facts(still)
      assert.deepEqual([width, height, written, exif], [64, 48, 'png', undefined])
    }
  })

  it('may not be JPEG', async () => {
    const outcome = await maker.make(await halves(64, 48).jpeg().toBuffer(), EMOJI)
    assert.deepEqual(outcome, { kind: 'wrong-type', found: 'image/jpeg' })
  })
})

describe('animations', () => {
  it('a GIF keeps its frames, colours, times and loop count when resized, and its still is the first frame', async () => {
    const { original, still } = await made(await animation('gif', 500, 450), AVATAR)
    const { pages, delay, loop, width, height } = await facts(original)
    assert.deepEqual([pages, delay, loop, width, height], [3, [100, 110, 120], 2, 400, 400])
    const colours = await Promise.all([0, 1, 2].map((page) => pixelAt(original, 200, 200, page)))
    assert.ok(near(colours[0] ?? [], [255, 0, 0]) && near(colours[1] ?? [], [0, 0, 255]))
    assert.ok(near(colours[2] ?? [], [0, 255, 0]))
    assert.ok(still !== null && near(await pixelAt(still, 200, 200), [255, 0, 0]))
    assert.equal((await facts(still)).width, 400)
  })

  it('a GIF that fits is kept with all its frames, and its still has its size', async () => {
    const bytes = await animation('gif', 400, 120)
    const { original, still } = await made(bytes, AVATAR)
    assert.equal(original.bytes, bytes)
    assert.ok(still !== null)
    assert.equal((await facts(still)).height, 120)
  })

  it('an animated WebP keeps its frames while it fits, and only the first when resized', async () => {
    const fitting = await animation('webp', 400, 400)
    assert.equal((await made(fitting, AVATAR)).original.bytes, fitting)
    const { original } = await made(await animation('webp', 500, 500), AVATAR)
    assert.equal((await facts(original)).pages ?? 1, 1)
    assert.ok(near(await pixelAt(original, 200, 200), [255, 0, 0]))
  })

  it('an animated PNG keeps its bytes while it fits, and only the first frame when resized', async () => {
    const fitting = apng(await halves(400, 400).png().toBuffer())
    assert.equal((await made(fitting, AVATAR)).original.bytes, fitting)
    const { original } = await made(apng(await halves(500, 500).png().toBuffer()), AVATAR)
    assert.equal(Buffer.from(original.bytes).includes('acTL'), false)
  })
})

/** Announces two frames, as an animated PNG does right after its header. */
function apng(png: Buffer): Buffer {
  const control = Buffer.alloc(8)
  control.writeUInt32BE(2, 0)
  return Buffer.concat([png.subarray(0, 33), pngChunk('acTL', control), png.subarray(33)])
}

describe('what a picture carries along', () => {
  it('EXIF, XMP and IPTC cost a fitting picture its bytes, not its size, and are gone afterwards', async () => {
    const gps = { IFD0: { Artist: 'ada' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' } }
    for (const format of ['jpeg', 'png', 'webp'] as const) {
      for (const carry of [
        (image: Sharp) => image.withExif(gps),
        (image: Sharp) => image.withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><secret/></x:xmpmeta>'),
      ]) {
        const bytes = await carry(halves(400, 300).toFormat(format)).toBuffer()
        const { original } = await made(bytes, AVATAR)
        const { width, height, exif, xmp, iptc } = await facts(original)
        assert.notEqual(original.bytes, bytes)
        assert.deepEqual([width, height, exif, xmp, iptc], [400, 300, undefined, undefined, undefined])
      }
    }
  })

  it('a picture lying on its side is set upright before its size is judged', async () => {
    // Orientation 6: the left half becomes the upper half.
    const bytes = await halves(600, 400).jpeg().withMetadata({ orientation: 6 }).toBuffer()
    const { original } = await made(bytes, AVATAR)
    const { width, height, orientation } = await facts(original)
    assert.deepEqual([width, height, orientation], [400, 600, undefined])
    assert.ok(near(await pixelAt(original, 200, 50), [255, 0, 0]))
    assert.ok(near(await pixelAt(original, 200, 550), [0, 0, 255]))
  })

  it('a colour profile stays with the pixels it belongs to', async () => {
    const { original } = await made(await halves(500, 500).withIccProfile('p3').png().toBuffer(), AVATAR)
    assert.equal((await facts(original)).hasProfile, true)
    // Read back through the profile the red is the red that went in.
    assert.ok(near(await pixelAt(original, 20, 200), [255, 0, 0]))
  })

  it('CMYK, grey, 16 bits, interlaced and transparent pictures come out in sRGB', async () => {
    const sources = [
      halves(500, 500).toColourspace('cmyk').jpeg(),
      halves(500, 500).toColourspace('cmyk').withIccProfile('cmyk').jpeg(),
      halves(500, 500).toColourspace('b-w').jpeg(),
      halves(500, 500).toColourspace('b-w').png(),
      halves(500, 500).toColourspace('rgb16').png(),
      halves(500, 500).png({ progressive: true }),
      halves(500, 500).jpeg({ progressive: true }),
      halves(500, 500, 4).png({ palette: true }),
      halves(500, 500, 4).webp({ lossless: true }),
    ]
    for (const source of sources) {
      const { original } = await made(await source.toBuffer(), AVATAR)
      const { width, space, depth, icc } = await facts(original)
      assert.ok(space === 'srgb' || space === 'b-w', space)
      assert.deepEqual([width, depth, icc], [400, 'uchar', undefined])
    }
  })

  it('transparency stays', async () => {
    const clear = { width: 500, height: 500, channels: 4 as const, background: '#ff000000' }
    for (const format of ['png', 'webp', 'gif'] as const) {
      const { original } = await made(await sharp({ create: clear }).toFormat(format).toBuffer(), AVATAR)
      const [, , , alpha] = await sharp(original.bytes).ensureAlpha().resize(1, 1).raw().toBuffer()
      assert.equal(alpha, 0, format)
    }
  })
})

describe('time', () => {
  const noise = async (frames: number): Promise<Buffer> => {
    let seed = 7
    const pixels = Buffer.alloc(500 * 500 * 3 * frames)
    for (let at = 0; at < pixels.length; at++) {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
      pixels[at] = seed >> 20
    }
    const raw = { width: 500, height: 500 * frames, channels: 3 as const, pageHeight: 500 }
    return sharp(pixels, { raw }).gif({ effort: 1, dither: 0 }).toBuffer()
  }

  it('work that takes too long is a timeout in time, and the next picture is served', async () => {
    const bytes = await noise(4)
    const own = openImageMaker({ parallel: 1 })
    await own.make(await halves(50, 50).png().toBuffer(), AVATAR)
    const started = performance.now()
    assert.deepEqual(await own.make(bytes, { ...AVATAR, timeoutMs: 20 }), { kind: 'timeout' })
    assert.ok(performance.now() - started < 300)
    assert.equal((await own.make(await halves(50, 50).png().toBuffer(), AVATAR)).kind, 'made')
  })

  it('pictures do not wait behind animations', async () => {
    const bytes = await noise(4)
    const own = openImageMaker({ parallel: 2 })
    const order: string[] = []
    const note = (name: string) => (): unknown => order.push(name)
    const animations = [1, 2].map(() => own.make(bytes, AVATAR).then(note('animation')))
    const picture = own.make(await halves(500, 500).jpeg().toBuffer(), AVATAR).then(note('picture'))
    await Promise.all([...animations, picture])
    assert.deepEqual(order, ['picture', 'animation', 'animation'])
  })

  it('fifty pictures are done before one costly animation that came first', async () => {
    const [slow, quick] = [await noise(12), await halves(500, 500).jpeg().toBuffer()]
    const own = openImageMaker({ parallel: 2 })
    await own.make(quick, AVATAR)
    const ended: string[] = []
    const animations = [1, 2, 3].map(() => own.make(slow, AVATAR).then(() => ended.push('animation')))
    const pictures = Array.from({ length: 50 }, async () => {
      assert.equal((await own.make(quick, AVATAR)).kind, 'made')
      ended.push('picture')
    })
    await Promise.all(pictures)
    assert.equal(ended.filter((what) => what === 'animation').length, 0)
    await Promise.all(animations)
  })

  it('of the largest pictures that are held at once only one is, and small ones pass them by', async () => {
    const own = openImageMaker({ parallel: 2 })
    const [large, quick] = [webpOfOneColour(5700, 5700), await halves(50, 50).png().toBuffer()]
    const order: string[] = []
    const note = (name: string) => (): unknown => order.push(name)
    const recipe = { ...EMOJI, maxSourcePixels: 33_177_600 }
    const all = [large, large, quick].map((bytes) =>
      own.make(bytes, recipe).then(note(bytes === large ? 'large' : 'quick')),
    )
    await Promise.all(all)
    assert.deepEqual(order, ['quick', 'large', 'large'])
  })

  it('giving up throws the reason given, before, while waiting and while working', async () => {
    const own = openImageMaker({ parallel: 1 })
    const bytes = await noise(4)
    const leaving = new AbortController()
    const reason = new Error('the admin left')
    const calls = Promise.allSettled([1, 2].map(() => own.make(bytes, AVATAR, { signal: leaving.signal })))
    setTimeout(() => leaving.abort(reason), 30)
    for (const result of await calls) assert.equal(result.status === 'rejected' && result.reason, reason)
    await assert.rejects(own.make(bytes, AVATAR, { signal: leaving.signal }), reason)
    assert.equal((await own.make(await halves(50, 50).png().toBuffer(), AVATAR)).kind, 'made')
  })
})
