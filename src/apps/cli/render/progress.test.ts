import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawProgress, type TerminalProgress } from './progress.ts'

/** A stream that remembers, and a clock that only moves when told to. */
function drawn(isTerminal: boolean, columns = 100) {
  const target = { writes: [] as string[], at: 5000, progress: undefined as unknown as TerminalProgress }
  target.progress = drawProgress({
    write: (text) => target.writes.push(text),
    isTerminal,
    columns: () => columns,
    now: () => target.at,
  })
  return target
}

/** What a terminal shows after these writes; thin spaces as `_`. */
function screen(writes: readonly string[]): string {
  return (writes.join('').split('\r\u001B[K').at(-1) ?? '').replaceAll('\u202F', '_')
}

test('the line is redrawn at most ten times a second', () => {
  const target = drawn(true)
  target.progress.stage('Reading avatars', 1000)
  for (let ms = 0; ms < 1000; ms++) {
    target.at++
    target.progress.advance(1)
  }
  assert.ok(target.writes.length <= 11 && target.writes.length >= 10, String(target.writes.length))
  assert.match(screen(target.writes), /^Reading avatars {2}1_000 of 1_000 \(100 %\) {2}1_000\/s$/)
})

test('at the end nothing of the line is left', () => {
  const target = drawn(true)
  target.progress.stage('Reading', null)
  target.progress.advance(3)
  target.progress.done()
  assert.equal(screen(target.writes), '')
  const count = target.writes.length
  target.progress.advance(1)
  target.progress.done()
  assert.equal(target.writes.length, count)
})

test('something else can be written in between, and the line comes back', () => {
  const target = drawn(true)
  target.progress.stage('Reading', 10)
  target.progress.erase()
  assert.equal(screen(target.writes), '')
  target.progress.advance(1)
  assert.match(screen(target.writes), /^Reading {2}1 of 10 \(10 %\)/)
})

test('an estimate waits until it is worth something, and follows a change of speed', () => {
  const target = drawn(true)
  const work = (seconds: number, perSecond: number): void => {
    for (let tenth = 0; tenth < seconds * 10; tenth++) {
      target.at += 100
      target.progress.advance(perSecond / 10)
    }
  }
  target.progress.stage('Healing', 100_000)
  work(2, 100)
  assert.doesNotMatch(screen(target.writes), /left/)
  work(8, 100)
  assert.match(screen(target.writes), /^Healing {2}1_000 of 100_000 \(1 %\) {2}100\/s {2}about 20 min left$/)
  work(60, 1000)
  const [, perSecond] = /\s{2}(\S+)\/s/.exec(screen(target.writes)) ?? []
  assert.ok(Number(perSecond?.replace('_', '')) > 900, perSecond)
  assert.match(screen(target.writes), /about (40|50) s left$/)
})

test('without a total, or with one that proved wrong, neither share nor estimate is claimed', () => {
  const target = drawn(true)
  target.progress.stage('Walking', null)
  target.at += 10_000
  target.progress.advance(50)
  assert.equal(screen(target.writes), 'Walking  50  5.0/s')
  target.progress.stage('Walking', 10)
  target.at += 10_000
  target.progress.advance(20)
  assert.equal(screen(target.writes), 'Walking  20  2.0/s')
  target.progress.expect(40)
  target.at += 200
  target.progress.advance(0)
  assert.match(screen(target.writes), /20 of 40 \(50 %\)/)
})

test('the line never wraps', () => {
  const target = drawn(true, 20)
  target.progress.stage('A stage with quite a long label', 1000)
  target.at += 10_000
  target.progress.advance(10)
  assert.equal(screen(target.writes).length, 19)
})

test('a log gets whole lines, one a minute, and none for short work', () => {
  const target = drawn(false)
  target.progress.stage('Reading', 600)
  for (let second = 0; second < 180; second++) {
    target.at += 1000
    target.progress.advance(1)
  }
  target.progress.done()
  assert.deepEqual(
    target.writes.map((text) => text.replaceAll('\u202F', '_')),
    [
      'Reading  60 of 600 (10 %)  1.0/s  about 9 min left\n',
      'Reading  120 of 600 (20 %)  1.0/s  about 8 min left\n',
      'Reading  180 of 600 (30 %)  1.0/s  about 7 min left\n',
    ],
  )
})
