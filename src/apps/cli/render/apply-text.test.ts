import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApplyResult, UndoResult } from '../../../core/apply/apply-request.ts'
import type { Plan } from '../../../core/model/plan.ts'
import { NOTHING_DONE, type Run, type RunCounts } from '../../../core/model/run.ts'
import { wayBack } from '../../../core/report/runs.ts'
import { describeApply, describeTidied, describeUndo } from './apply-text.ts'
import { plainPainter } from './paint.ts'
import { describeRun } from './runs-text.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const ID = 'prune-20261121T120000-3fa9'
const PLAN: Pick<Plan, 'id' | 'caps'> = {
  id: ID,
  caps: [
    { kind: 'avatar', share: 0.714, files: 714, of: 1_000, level: 'refuse' },
    { kind: 'card', share: 0.3, files: 300, of: 1_000, level: 'stop' },
  ],
}
const NOTHING_LEFT = { batches: 0, objects: 0, open: 0 }

function runOf(counts: Partial<RunCounts>, change: Partial<Run> = {}): Run {
  return {
    id: `run-${ID}`,
    planId: ID,
    verb: 'prune',
    instance: 'social.example /srv/media',
    state: 'done',
    startedAtMs: NOW,
    endedAtMs: NOW,
    attempts: 1,
    position: null,
    counts: { ...NOTHING_DONE, ...counts },
    stoppedBecause: null,
    quarantine: null,
    quarantineEmptied: false,
    forgotten: false,
    ...change,
  }
}

function applied(run: Run, change: Partial<ApplyResult> = {}): string {
  const result: ApplyResult = {
    run,
    stopped: null,
    recovered: NOTHING_LEFT,
    verified: { looked: 0, stillThere: [] },
    quarantine: { files: 0, refused: 0, because: null },
    files: run.counts.files.count,
    seconds: 2,
    requests: 0,
    ...change,
  }
  return describeApply(PLAN, result, false, plainPainter)
}

function undone(change: Partial<UndoResult>, run = runOf({})): string {
  const result: UndoResult = {
    run,
    restored: { inPlace: 0, fromQuarantine: 0, fromVersion: 0 },
    healed: 0,
    already: 0,
    changed: 0,
    lost: 0,
    unanswered: 0,
    stopped: null,
    seconds: 2,
    ...change,
  }
  return describeUndo(result, plainPainter)
}

function told(run: Run): string {
  const report = { run, plan: null, refused: [], moreRefused: false, wayBack: wayBack(run) }
  return describeRun(report, plainPainter)
}

const ONE = { count: 1, bytes: 10 }
const TWO = { count: 2, bytes: 20 }

test('kinds are told in the order of every report, whichever came first, and one is one', () => {
  const run = runOf({
    rows: 3,
    files: { count: 4, bytes: 40 },
    byKind: { card: ONE, attachment: TWO, avatar: ONE },
    objectsRemoved: 7,
  })
  assert.match(applied(run), /^4 files \(40 B\) of 3 rows let go in 2 s: 1 avatar, 2 attachments, 1 card\.\n/)
  assert.match(told(run), /4 files \(40 B\) let go of 3 rows: 1 avatar, 2 attachments, 1 card\.\n/)
})

test('the line that goes on names the shares without which it would be refused', () => {
  const text = applied(runOf({}), { stopped: 'files' })
  assert.match(text, /to go on: cornac apply prune-20261121T120000-3fa9 --allow-share avatars=72\n/)
})

test('what storage did not do is not told as nothing of it', () => {
  assert.match(told(runOf({ objectsRemoved: 7 })), /\nIn storage, 7 objects removed\.\n/)
  assert.match(told(runOf({ objectsMoved: 1 })), /\nIn storage, 1 object moved to quarantine\.\n/)
  assert.match(
    told(runOf({ objectsRemoved: 1, objectsMoved: 2 })),
    /\nIn storage, 1 object removed and 2 objects moved to quarantine\.\n/,
  )
  assert.doesNotMatch(told(runOf({})), /In storage/)
})

test('one that changed was being changed, and two were', () => {
  for (const text of [applied(runOf({ changed: 1 })), told(runOf({ changed: 1 }))])
    assert.match(text, /\n1 changed meanwhile, or was being changed: left alone\.\n/)
  assert.match(applied(runOf({ changed: 2 })), /\n2 changed meanwhile, or were being changed: left alone\.\n/)
})

test('files whose quarantine is over and that storage keeps are told, with what it says', () => {
  assert.equal(
    describeTidied(
      { recovered: NOTHING_LEFT, quarantine: { files: 4, refused: 1, because: 'permission denied' } },
      plainPainter,
    ),
    '4 files of earlier runs, whose time in quarantine was over, removed for good.\n' +
      '1 file of earlier runs, whose time in quarantine is over, could not be removed (permission denied); the next run tries again.\n',
  )
})

test('what earlier runs left is told as done only if some of it was', () => {
  const tidied = (recovered: ApplyResult['recovered']): string => {
    return describeTidied({ recovered, quarantine: { files: 0, refused: 0, because: null } }, plainPainter)
  }
  assert.equal(tidied(NOTHING_LEFT), '')
  assert.equal(
    tidied({ batches: 1, objects: 0, open: 1 }),
    '1 batch of earlier runs stays open, because storage refuses; see cornac runs.\n',
  )
  assert.equal(
    tidied({ batches: 3, objects: 5, open: 2 }),
    'What earlier runs had left to do was done first: 5 files taken away.\n' +
      '2 batches of earlier runs stay open, because storage refuses; see cornac runs.\n',
  )
  assert.equal(
    tidied({ batches: 1, objects: 0, open: 0 }),
    'What earlier runs had left to do was done first.\n',
  )
})

test('an undo tells of one file as of one, and of two as of two', () => {
  assert.equal(
    undone({ healed: 1, lost: 1 }),
    '1 file brought back in 2 s: 1 was fetched from its origin.\n' +
      '1 could not be brought back now; cornac heal goes on with it.\n',
  )
  assert.equal(
    undone({ restored: { inPlace: 1, fromQuarantine: 0, fromVersion: 0 }, healed: 2, lost: 2 }),
    '3 files brought back in 2 s: 1 was still in storage, 2 were fetched from their origins.\n' +
      '2 could not be brought back now; cornac heal goes on with them.\n',
  )
  assert.match(
    undone({ lost: 1 }, runOf({}, { verb: 'orphans' })),
    /1 could not be brought back: it is kept nowhere\./,
  )
})
