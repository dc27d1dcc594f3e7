/** Calendar events of systemd.time(7) as cron expressions with seconds, which croner reads. */

export interface CalendarEvent {
  readonly pattern: string
  readonly timeZone: string | null
}

const SHORTHANDS: Readonly<Record<string, string>> = {
  minutely: '*-*-* *:*:00',
  hourly: '*-*-* *:00:00',
  daily: '*-*-* 00:00:00',
  weekly: 'Mon *-*-* 00:00:00',
  monthly: '*-*-01 00:00:00',
  quarterly: '*-01,04,07,10-01 00:00:00',
  semiannually: '*-01,07-01 00:00:00',
  yearly: '*-01-01 00:00:00',
  annually: '*-01-01 00:00:00',
}

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** Null if it is none. */
export function readCalendar(text: string): CalendarEvent | null {
  const words = text.trim().split(/\s+/)
  if (text.length > 200 || words.length > 4) return null
  let timeZone: string | null = null
  const last = words.at(-1) ?? ''
  if (words.length > 1 && (last === 'UTC' || /^[A-Z]\w+\/\w[\w/+-]*$/.test(last))) {
    timeZone = last
    words.pop()
  }
  const name = (words[0] ?? '').toLowerCase()
  const shorthand = Object.hasOwn(SHORTHANDS, name) ? SHORTHANDS[name] : undefined
  const parts = shorthand === undefined ? words : words.length === 1 ? shorthand.split(' ') : null
  if (parts === null) return null
  let weekday = '*'
  if (/^[a-z]/i.test(parts[0] ?? '')) {
    const read = readWeekdays(parts.shift() ?? '')
    if (read === null) return null
    weekday = read
  }
  let date = '*-*-*'
  if (parts[0] !== undefined && /[-~]/.test(parts[0]) && !parts[0].includes(':')) date = parts.shift() ?? date
  const time = parts.shift() ?? '00:00:00'
  if (parts.length > 0) return null
  const [day, month, year] = readDate(date)
  const clock = time.split(':')
  if (clock.length < 2 || clock.length > 3) return null
  const [hour = '', minute = '', second = '00'] = clock
  const fields = [
    component(second.replace(/\.\d+$/, ''), 59),
    component(minute, 59),
    component(hour, 23),
    day === null ? null : day,
    component(month, 12),
    weekday,
  ]
  if (fields.includes(null)) return null
  const wholeYear = component(year, 2099)
  if (wholeYear === null) return null
  return { pattern: [...fields, ...(wholeYear === '*' ? [] : [wholeYear])].join(' '), timeZone }
}

function readDate(date: string): readonly [day: string | null, month: string, year: string] {
  // 02~01 is the last day of February
  const tilde = /^(?:(.+)-)?(.+)~(\d+)$/.exec(date)
  if (tilde !== null)
    return [tilde[3] === '01' || tilde[3] === '1' ? 'L' : null, tilde[2] ?? '*', tilde[1] ?? '*']
  const parts = date.split('-')
  const day = component(parts.at(-1) ?? '*', 31)
  return [day, parts.at(-2) ?? '*', parts.length > 2 ? (parts[0] ?? '*') : '*']
}

/** `1,5..9,0/15` as cron writes it. */
function component(text: string, highest: number): string | null {
  const items = text.split(',').map((item) => {
    const match = /^(?:\*|(\d+)(?:\.\.(\d+))?)(?:\/(\d+))?$/.exec(item)
    if (match === null) return null
    const [, from, to, step] = match
    const start = from === undefined ? '*' : String(Number(from))
    const range =
      to === undefined
        ? step !== undefined && from !== undefined
          ? `${start}-${highest}`
          : start
        : `${start}-${Number(to)}`
    return step === undefined ? range : `${range}/${Number(step)}`
  })
  return items.includes(null) ? null : items.join(',')
}

function readWeekdays(text: string): string | null {
  const items = text.split(',').map((item) => {
    const ends = item.split('..').map((name) => WEEKDAYS.indexOf(name.slice(0, 3).toLowerCase()))
    if (ends.includes(-1) || ends.length > 2) return null
    const [from = 0, to] = ends
    if (to === undefined) return String(from)
    // Mon..Sun: cron counts Sunday as 7 at the end of a range
    return `${from}-${to < from ? to + 7 : to}`
  })
  return items.includes(null) || items.some((item) => /-(?:[89]|1\d)$/.test(item ?? ''))
    ? null
    : items.join(',')
}
