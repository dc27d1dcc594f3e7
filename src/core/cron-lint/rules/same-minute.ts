import { callsOf, clock, HEAVY, VACUUM_FROM, VACUUM_TO } from '../judge.ts'
import type { Task } from '../../model/scheduled.ts'
import type { Edit, Rule } from '../rule.ts'

/** Minutes between the beginnings of jobs that are moved apart. */
const APART = 30
const MOST_TIMES = 48

export const sameMinute: Rule = {
  code: 'same-minute',
  severity: 'warning',
  title: { en: 'jobs that start in the same minute', fr: 'des tâches qui démarrent à la même minute' },
  harm: {
    en: 'They compete for database, disk and memory, each starting a whole Rails, and touch the same rows and files side by side.',
    fr: 'Elles se disputent la base, le disque et la mémoire, chacune démarrant Rails en entier, et touchent les mêmes lignes et fichiers en parallèle.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/media.rb',
    says: {
      en: 'No command of tootctl takes a lock: `media remove-orphans` beside `media remove` decides about files whose rows are just changing.',
      fr: 'Aucune commande de tootctl ne pose de verrou : `media remove-orphans` à côté de `media remove` juge des fichiers dont les lignes changent au même instant.',
    },
  },
  fix: {
    en: 'Start them half an hour apart, or one after the other in one script.',
    fr: 'Démarrez-les à une demi-heure d’écart, ou l’une après l’autre dans un script.',
  },
  *check(subject) {
    const tasks = new Set(
      callsOf(subject, ...HEAVY, 'cache clear', 'emoji purge', 'domains purge', 'feeds build').map(
        ({ task }) => task,
      ),
    )
    for (const { members, minute } of groups([...tasks])) {
      const [first, second, ...rest] = members
      const place = second?.schedule?.place
      if (first === undefined || second === undefined || place === undefined) continue
      const others = [first, ...rest]
        .map(({ place: { file, line } }) => (file === place.file ? String(line) : `${file}:${line}`))
        .slice(0, 6)
        .join(', ')
      const edits = members.slice(1).flatMap((task, i) => later(task, (i + 1) * APART))
      const same = [first, ...rest].every((task) => task.place.file === place.file)
      yield {
        place,
        message: {
          en: `${members.length} jobs start at ${clock(minute)} on the same days: this one and ${same ? `line${members.length > 2 ? 's' : ''} ` : ''}${others}.`,
          fr: `${members.length} tâches démarrent à ${clock(minute)} les mêmes jours : celle-ci et ${same ? `ligne${members.length > 2 ? 's' : ''} ` : ''}${others}.`,
        },
        edits,
      }
    }
  },
}

interface Group {
  readonly members: Task[]
  readonly minute: number
}

/** Tasks that share a minute of a day with the first of their group. Linear in tasks and their times. */
function groups(tasks: readonly Task[]): readonly Group[] {
  const found: Group[] = []
  const starts = new Map<string, { readonly task: Task; readonly days: string; group: Group | null }[]>()
  for (const task of tasks) {
    const recurrence = task.schedule?.recurrence
    if (recurrence === undefined || recurrence === null || recurrence.minutes.length > MOST_TIMES) continue
    let joined = false
    for (const minute of recurrence.minutes) {
      const key = `${minute} ${task.schedule?.timeZone ?? ''}`
      const here = starts.get(key) ?? []
      starts.set(key, here)
      const other = joined
        ? undefined
        : here.find(
            (each) =>
              each.task !== task && !onAnotherHost(each.task, task) && meet(each.days, recurrence.days),
          )
      if (other !== undefined) {
        joined = true
        if (other.group === null) found.push((other.group = { members: [other.task], minute }))
        other.group.members.push(task)
        continue
      }
      // few different sets of days stand for any number of tasks
      if (!joined && !here.some(({ days }) => days === recurrence.days))
        here.push({ task, days: recurrence.days, group: null })
    }
  }
  return found
}

/** Files of one name in several folders are of several machines: that is another rule's business. */
function onAnotherHost({ place: a }: Task, { place: b }: Task): boolean {
  const name = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
  return a.file !== b.file && name(a.file) === name(b.file)
}

function meet(a: string, b: string): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] === '1' && b[i] === '1') return true
  return false
}

/** A time that is moved shall not land among Mastodon's own cleaning. */
function outsideVacuum(minute: number): number {
  return minute >= VACUUM_FROM && minute < VACUUM_TO ? minute + (VACUUM_TO - VACUUM_FROM) : minute
}

/** What cron takes nicknames for (crontab(5)). */
const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '1 1 *',
  '@annually': '1 1 *',
  '@monthly': '1 * *',
  '@weekly': '* * 0',
  '@daily': '* * *',
  '@midnight': '* * *',
}

function later({ schedule }: Task, minutes: number): readonly Edit[] {
  const [minute, hour] = schedule?.fields ?? []
  if (minute !== undefined && Object.hasOwn(NICKNAMES, minute.text)) {
    const at = outsideVacuum(minutes)
    const text = `${at % 60} ${Math.floor(at / 60)} ${NICKNAMES[minute.text]}`
    return at < 24 * 60 ? [{ kind: 'replace', place: minute.place, text }] : []
  }
  if (minute === undefined || hour === undefined || !/^\d+$/.test(minute.text) || !/^\d+$/.test(hour.text))
    return []
  const moved = outsideVacuum(outsideVacuum(Number(hour.text) * 60 + Number(minute.text)) + minutes)
  if (moved >= 24 * 60) return []
  return [
    { kind: 'replace', place: minute.place, text: String(moved % 60) },
    { kind: 'replace', place: hour.place, text: String(Math.floor(moved / 60)) },
  ]
}
