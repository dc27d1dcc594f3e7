import type { Task } from '../../model/scheduled.ts'
import { callsOf, HEAVY } from '../judge.ts'
import type { Rule } from '../rule.ts'

export const severalHosts: Rule = {
  code: 'several-hosts',
  severity: 'warning',
  title: { en: 'the same job on several machines', fr: 'la même tâche sur plusieurs machines' },
  harm: {
    en: 'Each machine does the same work on the same database and storage at the same time.',
    fr: 'Chaque machine fait le même travail sur la même base et le même stockage au même moment.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/*.rb',
    says: {
      en: 'No command of tootctl knows of another one that runs elsewhere.',
      fr: 'Aucune commande de tootctl ne sait qu’une autre tourne ailleurs.',
    },
  },
  fix: {
    en: 'Pin the schedule to one machine, or to one copy of the service.',
    fr: 'Fixez la tâche sur une seule machine, ou une seule copie du service.',
  },
  *check(subject) {
    const first = new Map<string, { readonly task: Task; readonly path: string }>()
    const told = new Set<Task>()
    for (const { task, command, document } of callsOf(subject, ...HEAVY, 'emoji purge', 'cache clear')) {
      if (told.has(task)) continue
      if (task.copies !== null) {
        told.add(task)
        const { count, place } = task.copies
        yield {
          place,
          message: {
            en: `${count} or more copies of this service run the same job.`,
            fr: `${count} copies ou plus de ce service lancent la même tâche.`,
          },
        }
        continue
      }
      if (task.schedule === null || command.inScript) continue
      const name = document.path.slice(document.path.lastIndexOf('/') + 1)
      const key = [name, task.schedule.text, ...command.words.map(({ text }) => text)].join('\0')
      const other = first.get(key)
      if (other === undefined) first.set(key, { task, path: document.path })
      else if (other.path !== document.path) {
        told.add(task)
        yield {
          place: task.schedule.place,
          message: {
            en: `${other.path} has the same job at the same time.`,
            fr: `${other.path} a la même tâche à la même heure.`,
          },
        }
      }
    }
  },
}
