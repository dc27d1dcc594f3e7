import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OVERRIDE_OPTIONS, overridesOf, type OverrideOptions } from './apply-request.ts'

const share = OVERRIDE_OPTIONS.find(({ flags }) => flags.startsWith('--allow-share'))?.read

test('nothing is set aside that was not typed', () => {
  assert.deepEqual(overridesOf({ allowShare: [] }), {
    duringVacuum: false,
    besideTootctl: false,
    shares: {},
  })
})

test('a share names a kind that can go, in either number, and at most all of it', () => {
  assert.deepEqual(share?.('avatars=60'), { kind: 'avatar', share: 0.6 })
  assert.deepEqual(share?.('card=62.5%'), { kind: 'card', share: 0.625 })
  assert.deepEqual(share?.(' Emoji=100 % '), { kind: 'emoji', share: 1 })
  for (const wrong of [
    'avatars',
    'avatars=',
    'avatars=0',
    'avatars=101',
    'avatars=-5',
    'backups=50',
    'all=50',
    '=50',
    '60',
  ])
    assert.equal(share?.(wrong), undefined, wrong)
})

test('of two shares of a kind the last counts', () => {
  const allowShare = ['avatars=60', 'headers=70', 'avatars=80'].map((text) => share?.(text))
  assert.deepEqual(overridesOf({ allowShare } as unknown as OverrideOptions).shares, {
    avatar: 0.8,
    header: 0.7,
  })
})
