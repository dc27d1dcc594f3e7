import assert from 'node:assert/strict'
import { it } from 'node:test'
import { decode, encode } from 'blurhash'
import fc from 'fast-check'
import { encodeBlurhash } from './encode-blurhash.ts'

/** Pixels by a function of place, 0 to 1 each way. */
function paint(width: number, height: number, colour: (x: number, y: number) => readonly number[]): Buffer {
  const places = Array.from({ length: width * height }, (_, at) => at)
  return Buffer.from(
    places.flatMap((at) => [...colour((at % width) / width, Math.floor(at / width) / height), 255]),
  )
}

/** How far the painted hash is from what was hashed, on average, of 255. */
function apart(hash: string, pixels: Uint8Array, width: number, height: number): number {
  const painted = decode(hash, width, height)
  return painted.reduce((sum, value, at) => sum + Math.abs(value - (pixels[at] ?? 0)), 0) / painted.length
}

it('a picture that grows brighter in any direction is recognised in its hash', () => {
  const slopes: readonly ((x: number, y: number) => number)[] = [
    (x) => x,
    (x) => 1 - x,
    (_, y) => y,
    (_, y) => 1 - y,
    (x, y) => (x + y) / 2,
    (x, y) => 1 - (x + y) / 2,
  ]
  for (const slope of slopes) {
    const pixels = paint(32, 24, (x, y) => [255 * slope(x, y), 60, 255 * slope(y, x)])
    const distance = apart(encodeBlurhash(pixels, 32, 24, 4), pixels, 32, 24)
    assert.ok(distance < 10, `${slope}: ${distance}`)
  }
})

it('where the largest component is positive, the hash is letter for letter that of the reference package', () => {
  const pixels = paint(40, 30, (x, y) => [255 * (1 - x), 200 * (1 - y), 30])
  assert.equal(encodeBlurhash(pixels, 40, 30, 4), encode(new Uint8ClampedArray(pixels), 40, 30, 4, 4))
})

it('one colour is painted as that colour, black and white included', () => {
  for (const colour of [
    [0, 0, 0],
    [255, 255, 255],
    [12, 130, 240],
  ]) {
    const pixels = paint(9, 7, () => colour)
    assert.ok(apart(encodeBlurhash(pixels, 9, 7, 4), pixels, 9, 7) < 14)
  }
})

it('whatever the pixels, the hash has 36 letters that can be painted, with or without alpha', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(3, 4),
      fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
      (width, height, channels, stream) => {
        const pixels = Uint8Array.from(stream.take(width * height * channels))
        const hash = encodeBlurhash(pixels, width, height, channels)
        assert.match(hash, /^U.{35}$/)
        decode(hash, 4, 4)
      },
    ),
  )
})
