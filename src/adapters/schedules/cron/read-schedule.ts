/** A cron expression into words, next runs and a recurrence. Croner reads it, cronstrue says it. */
import { Cron, CronPattern } from 'croner'
import cronstrue from 'cronstrue'
import 'cronstrue/locales/fr.js'
import type { Place, Recurrence, Schedule, Word } from '../../../core/model/scheduled.ts'

export interface CronText {
  readonly text: string
  readonly place: Place
  readonly fields: readonly Word[]
  readonly timeZone: string | null
  readonly nowMs: number
  readonly dialect?: Schedule['dialect']
  /** What croner shall read, where the text is of another language. */
  readonly pattern?: string
  /** Days of the month and of the week must both hold, as in systemd. */
  readonly bothDays?: boolean
}

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const NEXT_RUNS = 3

type Meaning = Pick<Schedule, 'inWords' | 'recurrence' | 'everyMinutes' | 'mistake'>

/** Ten thousand files share few expressions. */
const meanings = new Map<string, Meaning>()
const MOST_KNOWN = 2_000

export function readSchedule({
  text,
  place,
  fields,
  timeZone,
  nowMs,
  dialect = 'cron',
  pattern,
  bothDays = false,
}: CronText): Schedule {
  const nickname = text.toLowerCase()
  if (nickname === '@reboot') return without({ text, place, timeZone, dialect: 'interval' })
  const interval = /^@every\s+(.+)$/i.exec(text)
  if (interval !== null)
    return {
      ...without({ text, place, timeZone, dialect: 'interval' }),
      everyMinutes: durationMinutes(interval[1] ?? ''),
    }
  const known = Object.hasOwn(NICKNAMES, nickname) ? NICKNAMES[nickname] : undefined
  const expression = pattern ?? known ?? text
  const key = `${bothDays} ${expression}`
  let meaning = meanings.get(key)
  if (meaning === undefined) {
    meaning = understand(expression, bothDays)
    if (meanings.size < MOST_KNOWN) meanings.set(key, meaning)
  }
  const next = meaning.mistake === null ? nextRuns(expression, timeZone, nowMs, bothDays) : []
  return { text, place, dialect, timeZone, next, fields, ...meaning }
}

/** A schedule of which only the text is known. */
export function without(parts: Pick<Schedule, 'text' | 'place' | 'timeZone' | 'dialect'>): Schedule {
  return {
    ...parts,
    inWords: null,
    next: [],
    recurrence: null,
    everyMinutes: null,
    mistake: null,
    fields: [],
  }
}

function understand(expression: string, bothDays: boolean): Meaning {
  let pattern: CronPattern
  try {
    pattern = new CronPattern(expression, undefined, { mode: 'auto' })
  } catch {
    return { inWords: null, recurrence: null, everyMinutes: null, mistake: 'unreadable' }
  }
  const recurrence = recurrenceOf(pattern, bothDays)
  if (!recurrence.days.includes('1'))
    return { inWords: null, recurrence, everyMinutes: null, mistake: 'never' }
  const en = say(expression, 'en', bothDays)
  const fr = say(expression, 'fr', bothDays)
  const inWords = en === null || fr === null ? null : { en, fr }
  return { inWords, recurrence, everyMinutes: shortestGap(recurrence), mistake: null }
}

function say(expression: string, locale: string, bothDays: boolean): string | null {
  try {
    return cronstrue.toString(expression, {
      locale,
      use24HourTimeFormat: true,
      verbose: false,
      logicalAndDayFields: bothDays,
    })
  } catch {
    return null
  }
}

function nextRuns(
  expression: string,
  timeZone: string | null,
  nowMs: number,
  bothDays: boolean,
): readonly number[] {
  try {
    const options = {
      paused: true,
      domAndDow: bothDays,
      ...(timeZone === null ? {} : { timezone: timeZone }),
    }
    return new Cron(expression, options).nextRuns(NEXT_RUNS, new Date(nowMs)).map((run) => run.getTime())
  } catch {
    // an unknown time zone, or no run in the years croner looks at
    return []
  }
}

/** A leap year that begins on a Monday: every date and, shifted, every weekday occurs. */
const YEAR = 2024

function recurrenceOf(pattern: CronPattern, bothDays: boolean): Recurrence {
  const minutes: number[] = []
  pattern.hour.forEach((runs, hour) => {
    if (runs > 0) pattern.minute.forEach((also, minute) => also > 0 && minutes.push(hour * 60 + minute))
  })
  let days = ''
  for (
    const day = new Date(Date.UTC(YEAR, 0, 1));
    day.getUTCFullYear() === YEAR;
    day.setUTCDate(day.getUTCDate() + 1)
  )
    days += runsOn(pattern, day, bothDays) ? '1' : '0'
  return { minutes, days }
}

function runsOn(pattern: CronPattern, day: Date, bothDays: boolean): boolean {
  if ((pattern.month[day.getUTCMonth()] ?? 0) === 0) return false
  const date = day.getUTCDate()
  const last = new Date(Date.UTC(YEAR, day.getUTCMonth() + 1, 0)).getUTCDate()
  const byDate = (pattern.day[date - 1] ?? 0) > 0 || (pattern.lastDayOfMonth && date === last)
  const nth = 1 << Math.floor((date - 1) / 7)
  const mask = pattern.dayOfWeek[day.getUTCDay()] ?? 0
  const byWeekday = (mask & nth) > 0 || (pattern.lastWeekday && date + 7 > last && mask > 0)
  if (pattern.starDOM && pattern.starDOW) return true
  if (pattern.starDOM) return byWeekday
  if (pattern.starDOW) return byDate
  return bothDays ? byDate && byWeekday : byDate || byWeekday
}

/** Minutes between two runs at the least. */
function shortestGap({ minutes, days }: Recurrence): number | null {
  const first = minutes[0]
  const last = minutes.at(-1)
  if (first === undefined || last === undefined) return null
  let gap = Number.POSITIVE_INFINITY
  for (let i = 1; i < minutes.length; i++) gap = Math.min(gap, (minutes[i] ?? 0) - (minutes[i - 1] ?? 0))
  const ones = days.split('').flatMap((runs, i) => (runs === '1' ? [i] : []))
  for (let i = 1; i < ones.length; i++)
    gap = Math.min(gap, ((ones[i] ?? 0) - (ones[i - 1] ?? 0)) * 1440 + first - last)
  if (gap === Number.POSITIVE_INFINITY) gap = 366 * 1440
  return gap
}

/** `90m`, `1h30m`, `6h`, `@every 1d` of ofelia and of systemd: `1h 30min`. */
export function durationMinutes(text: string): number | null {
  const units: Readonly<Record<string, number>> = {
    s: 1 / 60,
    sec: 1 / 60,
    second: 1 / 60,
    seconds: 1 / 60,
    m: 1,
    min: 1,
    minute: 1,
    minutes: 1,
    h: 60,
    hr: 60,
    hour: 60,
    hours: 60,
    d: 1440,
    day: 1440,
    days: 1440,
    w: 10_080,
    week: 10_080,
    weeks: 10_080,
    month: 43_830,
    months: 43_830,
    M: 43_830,
    y: 525_960,
    year: 525_960,
    years: 525_960,
  }
  let total = 0
  let found = false
  for (const [, count = '', unit = ''] of text.slice(0, 100).matchAll(/(\d+(?:\.\d+)?)\s*([a-zA-Z]*)/g)) {
    const size = unit === '' ? 1 / 60 : Object.hasOwn(units, unit) ? units[unit] : undefined
    if (size === undefined) return null
    total += Number(count) * size
    found = true
  }
  return found ? total : null
}
