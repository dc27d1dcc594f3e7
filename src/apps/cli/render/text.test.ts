import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBytes, formatCount, formatDuration, plural, table, wrap } from './text.ts'

test('counts are grouped by a thin space', () => {
  const shown = [0, 999, 1000, 1_234_567, -1000]
    .map(formatCount)
    .map((text) => text.replaceAll('\u202F', '_'))
  assert.deepEqual(shown, ['0', '999', '1_000', '1_234_567', '-1_000'])
  assert.equal(formatCount(114_567_890_123_456_789n).replaceAll('\u202F', ''), '114567890123456789')
})

test('sizes have three significant digits in steps of 1024', () => {
  const sizes: readonly [number, string][] = [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.00 KB'],
    [1_567_663_718, '1.46 GB'],
    [12_897_484, '12.3 MB'],
    [1_048_575, '1.00 MB'],
    [104_857_600, '100 MB'],
    [10_476_000, '9.99 MB'],
    [10_485_000, '10.0 MB'],
    [2 ** 53, '8.00 PB'],
  ]
  for (const [bytes, text] of sizes) assert.equal(formatBytes(bytes), text, String(bytes))
})

test('durations name at most two units', () => {
  const durations: readonly [number, string][] = [
    [350, '350 ms'],
    [4250, '4.2 s'],
    [5000, '5 s'],
    [59_400, '59 s'],
    [60_000, '1 min'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [86_400_000, '1 d'],
    [273_600_000, '3 d 4 h'],
  ]
  for (const [ms, text] of durations) assert.equal(formatDuration(ms), text)
})

test('one is not many', () => {
  assert.equal(plural(1, 'file'), '1 file')
  assert.equal(plural(0, 'file'), '0 files')
  assert.equal(plural(2, 'entry', 'entries'), '2 entries')
})

test('tables line up, whatever is painted, and leave no blanks at line ends', () => {
  const rows = [
    ['avatars', '12', ''],
    ['\u001B[31mx\u001B[39m', '1\u202F234', 'note'],
  ]
  const columns = [{ title: 'Kind' }, { title: 'Count', align: 'right' as const }, { title: '' }]
  assert.equal(
    table(columns, rows),
    'Kind     Count\navatars     12\n\u001B[31mx\u001B[39m        1\u202F234  note\n',
  )
  assert.equal(table([{ title: '' }], []), '')
})

test('sentences are broken between words, and only where the terminal ends', () => {
  const sentence = 'the oldest is 370 days overdue'
  assert.deepEqual(wrap(sentence, Number.POSITIVE_INFINITY), [sentence])
  assert.deepEqual(wrap(sentence, 13), ['the oldest is', '370 days', 'overdue'])
  assert.deepEqual(wrap('see VacuumScheduler there', 4), ['see', 'VacuumScheduler', 'there'])
  assert.deepEqual(wrap('', 10), [''])
})
