import { atHour, callsOf, clock, timesOfDay } from '../judge.ts'
import type { Rule } from '../rule.ts'

const FROM = 8 * 60
const TO = 23 * 60
const QUIET_HOUR = 1

export const statusesPeakHours: Rule = {
  code: 'statuses-peak-hours',
  severity: 'warning',
  title: { en: 'posts removed while people are there', fr: 'des messages supprimés aux heures d’affluence' },
  harm: {
    en: 'Building indices and deleting in bulk slows the site down for as long as the job takes, which can be hours.',
    fr: 'Construire des index et supprimer en masse ralentit le site aussi longtemps que dure la tâche, parfois des heures.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/statuses.rb',
    says: {
      en: 'The job materialises its targets in a table, deletes in batches, analyses `statuses` and `conversations`, and adds an index meanwhile.',
      fr: 'La tâche matérialise ses cibles dans une table, supprime par lots, analyse `statuses` et `conversations`, et ajoute un index entre-temps.',
    },
  },
  fix: { en: 'Run it at night.', fr: 'Faites-la tourner la nuit.' },
  *check(subject) {
    for (const call of callsOf(subject, 'statuses remove')) {
      const busy = timesOfDay(call.task).find((minute) => minute >= FROM && minute < TO)
      if (busy === undefined || call.task.schedule === null) continue
      yield {
        place: call.task.schedule.place,
        message: {
          en: `At ${clock(busy)} people are there, and this is the heaviest job of all.`,
          fr: `À ${clock(busy)} il y a du monde, et c’est la tâche la plus lourde de toutes.`,
        },
        edits: atHour(call.task, QUIET_HOUR),
      }
    }
  },
}
