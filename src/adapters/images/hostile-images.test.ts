/** What becomes of bytes that are no pictures, or pictures meant to hurt. Each ends as a value, quickly. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import sharp from 'sharp'
import type { Sharp } from 'sharp'
import {
  gifOnCanvas,
  oddFile,
  pngChunk,
  pngOfZeros,
  riff,
  webpOfOneColour,
} from '../../../lab/fediverse/odd-files.ts'
import type { ImageOutcome, ImageRecipe } from '../../core/ports/images.ts'
import { openImageMaker } from './open-image-maker.ts'

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
const FITTING: ImageRecipe = { ...AVATAR, geometry: { rule: 'pixels', max: 750_000 } }
const maker = openImageMaker({ parallel: 2, maxAnimationPixels: 8_000_000, maxFrames: 100 })

/** A busy picture, so that a cut anywhere loses something. */
function busy(width: number, height: number): Sharp {
  const pixels = Buffer.alloc(width * height * 3)
  for (let at = 0; at < pixels.length; at++) pixels[at] = (at * 7919) >> (at % 11)
  return sharp(pixels, { raw: { width, height, channels: 3 } })
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const brief = (outcome: ImageOutcome): string =>
  outcome.kind === 'made' ? 'made' : JSON.stringify(outcome).slice(0, 200)

describe('hostile images', () => {
  const whole = new Map<string, Buffer>()
  before(async () => {
    const frames = await Promise.all(
      [1, 2, 3].map((by) =>
        busy(120, 90)
          .modulate({ hue: by * 60 })
          .png()
          .toBuffer(),
      ),
    )
    const animated = (): Sharp => sharp(frames, { join: { animated: true } })
    whole.set('jpeg', await busy(120, 90).jpeg().toBuffer())
    whole.set('progressive jpeg', await busy(120, 90).jpeg({ progressive: true }).toBuffer())
    whole.set(
      'jpeg with EXIF',
      await busy(120, 90)
        .jpeg()
        .withExif({ IFD0: { Artist: 'ada' } })
        .toBuffer(),
    )
    whole.set('png', await busy(120, 90).png().toBuffer())
    whole.set('interlaced png', await busy(120, 90).png({ progressive: true }).toBuffer())
    whole.set('gif', await busy(120, 90).gif().toBuffer())
    whole.set('animated gif', await animated().gif().toBuffer())
    whole.set('webp', await busy(120, 90).webp().toBuffer())
    whole.set('lossless webp', await busy(120, 90).webp({ lossless: true }).toBuffer())
    whole.set('animated webp', await animated().webp().toBuffer())
  })

  it('whole files pass, resized or kept: the tests below fail for the right reason', async () => {
    for (const [name, bytes] of whole) {
      for (const recipe of [AVATAR, FITTING])
        assert.equal(brief(await maker.make(bytes, recipe)), 'made', name)
    }
  })

  it('a file cut off anywhere is broken, whether it would be resized or kept', async () => {
    for (const [name, bytes] of whole) {
      for (const share of [0.05, 0.2, 0.5, 0.8, 0.95, 0.99]) {
        const cut = bytes.subarray(0, Math.max(16, Math.floor(bytes.length * share)))
        for (const recipe of [AVATAR, FITTING]) {
          assert.equal((await maker.make(cut, recipe)).kind, 'broken', `${name} cut at ${share}`)
        }
      }
      assert.equal((await maker.make(bytes.subarray(0, bytes.length - 3), AVATAR)).kind, 'broken', name)
    }
  })

  it('a tall picture whose cut lies outside the crop is broken all the same', async () => {
    for (const format of ['jpeg', 'png', 'gif', 'webp'] as const) {
      const bytes = await busy(60, 600).toFormat(format).toBuffer()
      const cut = bytes.subarray(0, Math.floor(bytes.length * 0.95))
      assert.equal((await maker.make(cut, AVATAR)).kind, 'broken', format)
    }
  })

  it('a file with rubbish in its middle never throws and never hangs', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    let state = seed
    const next = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
      return (state >> 8) % below
    }
    const kinds = new Set(['made', 'broken', 'wrong-type', 'too-many-pixels'])
    for (const [name, bytes] of whole) {
      for (let round = 0; round < 12; round++) {
        const damaged = Buffer.from(bytes)
        for (let hits = 1 + next(8); hits > 0; hits--) damaged[next(damaged.length)] = next(256)
        const outcome = await maker.make(damaged, round % 2 === 0 ? AVATAR : FITTING)
        assert.ok(kinds.has(outcome.kind), `${name}, seed ${seed}: ${brief(outcome)}`)
      }
    }
  })

  const others: readonly (readonly [string, () => Buffer | Promise<Buffer>, string])[] = [
    ['nothing at all', () => Buffer.alloc(0), 'empty'],
    ['one zero', () => Buffer.alloc(1), 'unknown'],
    ['a page', () => latin1('<!DOCTYPE html><title>For sale</title>'), 'text/html'],
    ['a page with an SVG in it', () => latin1('<html><svg></svg></html>'), 'text/html'],
    ['an error in JSON', () => latin1('{"error":"Record not found"}'), 'application/json'],
    ['SVG', async () => (await oddFile('svg')).bytes, 'image/svg+xml'],
    ['SVG behind a comment', () => latin1('<!-- GIF89a --><svg onload="x()"/>'), 'image/svg+xml'],
    ['BMP', async () => (await oddFile('bmp')).bytes, 'image/bmp'],
    ['AVIF', async () => (await oddFile('avif')).bytes, 'image/avif'],
    ['TIFF', () => busy(8, 8).tiff().toBuffer(), 'image/tiff'],
    ['PDF', async () => (await oddFile('pdf')).bytes, 'application/pdf'],
    ['text', async () => (await oddFile('text')).bytes, 'text/plain'],
    ['video', () => latin1('\0\0\0\x18ftypmp42\0\0\0\0mp42isom'), 'video/mp4'],
    ['HEIC', () => latin1('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), 'image/heic'],
    [
      'a ZIP with a picture behind it',
      () => Buffer.concat([latin1('PK\x03\x04'), pngOfZeros(9, 9)]),
      'application/zip',
    ],
    ['a picture behind a space', () => Buffer.concat([latin1(' '), pngOfZeros(9, 9)]), 'unknown'],
    ['RIFF that is sound', () => latin1('RIFF\x24\0\0\0WAVEfmt '), 'application/x-riff'],
  ]
  for (const [name, bytes, found] of others) {
    it(`${name} is a wrong type: ${found}`, async () => {
      assert.deepEqual(await maker.make(await bytes(), AVATAR), { kind: 'wrong-type', found })
    })
  }

  const bombs: readonly (readonly [string, () => Buffer | Promise<Buffer>, number])[] = [
    ['a PNG of 400 million pixels', async () => (await oddFile('png-bomb')).bytes, 400_000_000],
    ['a WebP of 268 million pixels', async () => (await oddFile('webp-bomb')).bytes, 268_435_456],
    ['a GIF on a canvas of four billion', async () => (await oddFile('gif-bomb')).bytes, 65_535 ** 2],
    ['a JPEG whose header promises four billion', () => jpegHeader(65_500, 65_500, SCAN), 65_500 ** 2],
    [
      'a PNG whose header promises more than exists',
      () => pngHeader(0x7fffffff, 0x7fffffff),
      0x7fffffff ** 2,
    ],
    ['a small WebP canvas around a large picture', () => nestedWebp(16_384), 16_384 ** 2],
    ['a small GIF screen with a frame far outside', () => strayFrameGif(), 65_535 ** 2],
    ['frames that are small one by one', () => gifOnCanvas(1000, 1000, 9), 9_000_000],
    ['frames without number', () => gifOnCanvas(2, 2, 101), 404],
  ]
  for (const [name, bytes, pixels] of bombs) {
    it(`${name}: refused before it is decoded`, async () => {
      const bomb = await bytes()
      const built = performance.now()
      assert.deepEqual(await maker.make(bomb, AVATAR), { kind: 'too-many-pixels', pixels })
      assert.ok(performance.now() - built < 100)
    })
  }

  it('a bomb within the limit of pixels is a picture like any other', async () => {
    const recipe = { ...AVATAR, maxSourcePixels: 20_000_000 }
    for (const bytes of [pngOfZeros(4000, 4000), webpOfOneColour(4000, 4000), gifOnCanvas(4000, 4000)]) {
      assert.equal(brief(await maker.make(bytes, recipe)), 'made')
    }
  })

  const liars: readonly (readonly [string, () => Buffer])[] = [
    ['only the first bytes of a JPEG', () => latin1('\xff\xd8\xff')],
    ['only the signature of a PNG', () => latin1('\x89PNG\r\n\x1a\n')],
    ['only the signature of a GIF', () => latin1('GIF89a')],
    ['only the head of a WebP', () => latin1('RIFF\x04\0\0\0WEBP')],
    [
      'a GIF signature before SVG',
      () => latin1('GIF89a<svg xmlns="http://www.w3.org/2000/svg"><image/></svg>'),
    ],
    ['a PNG signature before a page', () => latin1(`\x89PNG\r\n\x1a\n<html>${' '.repeat(99)}</html>`)],
    ['a JPEG signature before a script', () => latin1(`\xff\xd8\xff=1;alert(1)//${' '.repeat(99)}`)],
    ['a WebP head before rubbish', () => riff([['XXXX', latin1('rubbish')]])],
    ['a WebP canvas without a picture', () => riff([['VP8X', Buffer.alloc(10)]])],
    ['a WebP whose canvas disagrees with its picture', () => nestedWebp(64)],
    ['a GIF of no frames', () => gifOnCanvas(10, 10, 0)],
    ['a GIF of no size', () => Buffer.concat([gifOnCanvas(0, 0, 0)])],
    ['a PNG of no size', () => pngHeader(0, 0)],
    ['a PNG without data', () => pngHeader(10, 10)],
    ['a PNG with damaged data', () => pngWith(10, 10, Buffer.from('this is not deflated'))],
    ['a PNG with too little data', () => pngWith(10, 10, latin1('x\x9c\x03\0\0\0\0\x01'))],
    ['a PNG with a wrong header checksum', () => spoiled(pngOfZeros(10, 10), 29)],
    ['a PNG of an unknown colour type', () => pngHeader(10, 10, 9)],
    ['a PNG whose chunk is longer than the file', () => spoiled(pngOfZeros(10, 10), 33)],
    ['a JPEG without a scan', () => jpegHeader(10, 10)],
    ['a JPEG of no size', () => jpegHeader(0, 0, SCAN)],
    ['a JPEG with an empty scan', () => jpegHeader(10, 10, SCAN)],
  ]
  for (const [name, bytes] of liars) {
    it(`${name} is broken`, async () => {
      for (const recipe of [AVATAR, FITTING]) {
        const outcome = await maker.make(bytes(), recipe)
        assert.equal(outcome.kind, 'broken', brief(outcome))
        assert.ok(outcome.kind === 'broken' && outcome.reason.length > 5 && !outcome.reason.includes('\n'))
      }
    })
  }

  it('a GIF whose trailer is missing is whole, as every browser thinks', async () => {
    const bytes = whole.get('animated gif') ?? Buffer.alloc(0)
    assert.equal(brief(await maker.make(bytes.subarray(0, bytes.length - 1), FITTING)), 'made')
  })

  it('what follows the end of a picture is not read, and is gone once it is made anew', async () => {
    for (const name of ['jpeg', 'png', 'gif', 'webp']) {
      const tail = latin1('<script>alert(1)</script><svg/>PK\x03\x04')
      const bytes = Buffer.concat([whole.get(name) ?? Buffer.alloc(0), tail])
      const outcome = await maker.make(bytes, AVATAR)
      if (outcome.kind !== 'made') assert.fail(`${name}: ${brief(outcome)}`)
      assert.equal(Buffer.from(outcome.original.bytes).includes('<script>'), false, name)
    }
  })

  it('no loader but four is within reach of libvips, once a picture was made', async () => {
    await maker.make(pngOfZeros(3, 3), AVATAR)
    const tiff = await busy(8, 8).tiff().toBuffer()
    for (const bytes of [(await oddFile('svg')).bytes, tiff, (await oddFile('avif')).bytes]) {
      await assert.rejects(sharp(bytes).metadata(), /unsupported image format/)
    }
  })
})

function pngHeader(width: number, height: number, colourType = 0): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, colourType], 8)
  return Buffer.concat([
    latin1('\x89PNG\r\n\x1a\n'),
    pngChunk('IHDR', header),
    pngChunk('IEND', Buffer.alloc(0)),
  ])
}

function pngWith(width: number, height: number, data: Buffer): Buffer {
  const bytes = pngHeader(width, height)
  return Buffer.concat([bytes.subarray(0, 33), pngChunk('IDAT', data), bytes.subarray(33)])
}

function spoiled(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 0x55
  return copy
}

/** The start of a scan of one component, and nothing scanned. */
const SCAN = Buffer.from([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0])

/** SOI, SOF0, what is given, and EOI. */
function jpegHeader(width: number, height: number, rest = Buffer.alloc(0)): Buffer {
  const frame = Buffer.from([0xff, 0xc0, 0, 11, 8, 0, 0, 0, 0, 1, 1, 0x11, 0])
  frame.writeUInt16BE(height, 5)
  frame.writeUInt16BE(width, 7)
  return Buffer.concat([latin1('\xff\xd8'), frame, rest, latin1('\xff\xd9')])
}

/** A canvas of 8x8 around a picture of any size. */
function nestedWebp(side: number): Buffer {
  const canvas = Buffer.alloc(10)
  canvas.writeUIntLE(7, 4, 3)
  canvas.writeUIntLE(7, 7, 3)
  return riff([
    ['VP8X', canvas],
    ['VP8L', webpOfOneColour(side, side).subarray(20)],
  ])
}

function strayFrameGif(): Buffer {
  const bytes = gifOnCanvas(8, 8)
  const frame = bytes.indexOf(Buffer.from([0x2c, 0, 0, 0, 0]))
  bytes.writeUInt16LE(0xfffe, frame + 1)
  bytes.writeUInt16LE(0xfffe, frame + 3)
  return bytes
}
