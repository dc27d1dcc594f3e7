/** Progress for people: one line that redraws itself on a terminal, one line a minute elsewhere. */
import type { Progress } from '../../../core/ports/runtime.ts'
import { formatCount, formatDuration } from './text.ts'

export interface ProgressTarget {
  write(text: string): void
  /** A terminal that can erase a line. */
  readonly isTerminal: boolean
  /** Characters per line. */
  readonly columns: () => number
  /** Milliseconds that never run backwards, from any start. */
  readonly now: () => number
}

const REDRAW_MS = 100
const LINE_MS = 60_000
/** How far back the rate looks: long enough to be calm, short enough to notice a slow-down. */
const RATE_MEMORY_MS = 20_000
/** An estimate from less than this is a guess. */
const ESTIMATE_AFTER_MS = 3000
const ERASE_LINE = '\r\u001B[K'

export interface TerminalProgress extends Progress {
  /** Takes the line away, so that something else can be written; the next advance draws it again. */
  erase(): void
}

/** Draws only when told of progress: it owns no timer, so it keeps nothing alive. */
export function drawProgress(target: ProgressTarget): TerminalProgress {
  const every = target.isTerminal ? REDRAW_MS : LINE_MS
  let stage: Stage | undefined
  // A terminal shows the first line at once; a log is only told of work that lasts.
  let drawnAt = target.isTerminal ? Number.NEGATIVE_INFINITY : target.now()
  let visible = false

  function draw(): void {
    const now = target.now()
    if (stage === undefined || now - drawnAt < every) return
    drawnAt = now
    const line = describe(stage, now)
    if (target.isTerminal) target.write(ERASE_LINE + line.slice(0, Math.max(10, target.columns() - 1)))
    else target.write(`${line}\n`)
    visible = target.isTerminal
  }

  function erase(): void {
    if (visible) target.write(ERASE_LINE)
    visible = false
    if (target.isTerminal) drawnAt = Number.NEGATIVE_INFINITY
  }

  return {
    stage(label, total) {
      stage = {
        label,
        total,
        done: 0,
        startedAt: target.now(),
        measuredAt: target.now(),
        measured: 0,
        rate: null,
      }
      draw()
    },
    advance(count) {
      if (stage === undefined) return
      stage.done += count
      draw()
    },
    expect(total) {
      if (stage !== undefined) stage.total = total
    },
    done() {
      stage = undefined
      erase()
    },
    erase,
  }
}

interface Stage {
  readonly label: string
  total: number | null
  done: number
  readonly startedAt: number
  /** When the rate was last brought up to date, and what was done then. */
  measuredAt: number
  measured: number
  /** Per millisecond; recent work counts most. */
  rate: number | null
}

function describe(stage: Stage, now: number): string {
  measure(stage, now)
  const rate = stage.rate ?? 0
  // More done than expected: the total was wrong, so neither share nor estimate would be true.
  const total = stage.total !== null && stage.done <= stage.total && stage.total > 0 ? stage.total : null
  const count =
    total === null
      ? formatCount(stage.done)
      : `${formatCount(stage.done)} of ${formatCount(total)} (${Math.floor((stage.done / total) * 100)} %)`
  const speed = rate > 0 ? `  ${formatRate(rate * 1000)}` : ''
  return `${stage.label}  ${count}${speed}${total === null ? '' : formatLeft(stage, total, now)}`
}

/** An average that forgets: what happened `RATE_MEMORY_MS` ago counts a third of what happens now. */
function measure(stage: Stage, now: number): void {
  const passed = now - stage.measuredAt
  if (passed <= 0) return
  const latest = (stage.done - stage.measured) / passed
  const age = now - stage.startedAt
  const weight = age < RATE_MEMORY_MS ? passed / age : 1 - Math.exp(-passed / RATE_MEMORY_MS)
  stage.rate = stage.rate === null ? latest : stage.rate + weight * (latest - stage.rate)
  stage.measuredAt = now
  stage.measured = stage.done
}

function formatRate(perSecond: number): string {
  return perSecond >= 10 ? `${formatCount(Math.round(perSecond))}/s` : `${perSecond.toFixed(1)}/s`
}

/** Rounded up, and coarser the longer it is: an estimate should not look like a promise. */
function formatLeft(stage: Stage, total: number, now: number): string {
  if (now - stage.startedAt < ESTIMATE_AFTER_MS || !stage.rate || stage.done === total) return ''
  const left = (total - stage.done) / stage.rate
  const step = left < 60_000 ? 10_000 : left < 600_000 ? 60_000 : left < 36_000_000 ? 300_000 : 3_600_000
  return `  about ${formatDuration(Math.ceil(left / step) * step)} left`
}
