import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { fitGeometry } from './fit-geometry.ts'

const AVATAR = { rule: 'cover', width: 400, height: 400, enlarge: true } as const
const HEADER = { rule: 'pixels', max: 750_000 } as const

it('a picture is cropped to the target only where both sides differ from it', () => {
  assert.deepEqual(fitGeometry(AVATAR, { width: 800, height: 600 }), { width: 400, height: 400 })
  assert.deepEqual(fitGeometry(AVATAR, { width: 48, height: 64 }), { width: 400, height: 400 })
  assert.equal(fitGeometry(AVATAR, { width: 400, height: 900 }), null)
  assert.equal(fitGeometry(AVATAR, { width: 10, height: 400 }), null)
  assert.equal(fitGeometry(AVATAR, { width: 400, height: 400 }), null)
})

it('without enlarging, what is smaller on one side is cropped to a square of its smaller side', () => {
  const crop = { ...AVATAR, enlarge: false }
  assert.deepEqual(fitGeometry(crop, { width: 800, height: 600 }), { width: 400, height: 400 })
  assert.deepEqual(fitGeometry(crop, { width: 48, height: 64 }), { width: 48, height: 48 })
  assert.deepEqual(fitGeometry(crop, { width: 1000, height: 300 }), { width: 300, height: 300 })
  assert.equal(fitGeometry(crop, { width: 300, height: 300 }), null)
  assert.equal(fitGeometry(crop, { width: 400, height: 300 }), null)
})

it('a picture with too many pixels shrinks in proportion, and others stay', () => {
  assert.deepEqual(fitGeometry(HEADER, { width: 3000, height: 1000 }), { width: 1500, height: 500 })
  assert.equal(fitGeometry(HEADER, { width: 1500, height: 500 }), null)
  assert.equal(fitGeometry(HEADER, { width: 1, height: 20_000 }), null)
})

it('keep never changes a size', () => {
  assert.equal(fitGeometry({ rule: 'keep' }, { width: 9000, height: 9000 }), null)
})

it('whatever the source, the result is within the limit, not larger, and has at least one pixel a side', () => {
  const side = fc.integer({ min: 1, max: 70_000 })
  fc.assert(
    fc.property(side, side, fc.integer({ min: 1, max: 2_000_000 }), (width, height, max) => {
      const size = fitGeometry({ rule: 'pixels', max }, { width, height })
      if (size === null) return width * height <= max
      const inside = size.width * size.height <= max && size.width >= 1 && size.height >= 1
      return inside && size.width <= width && size.height <= height
    }),
  )
})
