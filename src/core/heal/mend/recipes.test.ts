import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { MastodonVersion } from '../../model/schema.ts'
import { byteLimit, imageBackendOf, recipeOf } from './recipes.ts'

const MIB = 1024 * 1024

it('the backend is the one that version of Mastodon has, whatever the switch says where there is none', () => {
  const rows: readonly (readonly [MastodonVersion | null, string, string, string])[] = [
    ['4.3', 'imagemagick', 'imagemagick', 'libvips'],
    ['4.4', 'libvips', 'imagemagick', 'libvips'],
    ['4.5', 'libvips', 'imagemagick', 'libvips'],
    ['4.6', 'libvips', 'libvips', 'libvips'],
    [null, 'libvips', 'libvips', 'libvips'],
  ]
  for (const [version, unset, off, on] of rows) {
    const found = [null, false, true].map((useLibvips) => imageBackendOf(version, useLibvips))
    assert.deepEqual(found, [unset, off, on], version ?? 'unknown')
  }
})

it('account pictures (from 4.4 on) and cards may have 8 MiB with libvips and 2 MiB without, others the same everywhere', () => {
  for (const kind of ['avatar', 'header', 'card'] as const) {
    assert.equal(byteLimit(kind, '4.3', null), 2 * MIB)
    assert.equal(byteLimit(kind, '4.3', true), kind === 'card' ? 8 * MIB : 2 * MIB)
    assert.equal(byteLimit(kind, '4.4', true), 8 * MIB)
    assert.equal(byteLimit(kind, '4.5', false), 2 * MIB)
    assert.equal(byteLimit(kind, '4.6', false), 8 * MIB)
  }
  for (const version of ['4.3', '4.6'] as const) {
    assert.equal(byteLimit('attachment', version, false), 16 * MIB)
    assert.equal(byteLimit('thumbnail', version, false), 16 * MIB)
    assert.equal(byteLimit('emoji', version, false), 256 * 1024)
  }
})

it('only avatars depend on the backend', () => {
  for (const kind of ['avatar', 'header', 'attachment', 'thumbnail', 'emoji', 'card'] as const) {
    const [vips, magick] = [recipeOf(kind, '4.6', null), recipeOf(kind, '4.3', null)]
    if (kind === 'avatar') assert.notDeepEqual(vips, magick)
    else assert.deepEqual(vips, magick)
    assert.deepEqual(recipeOf(kind), vips)
  }
})
