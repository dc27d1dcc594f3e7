import type { Rule } from '../rule.ts'
import { tasksOfMastodon } from '../tasks-of-mastodon.ts'

export const userField: Rule = {
  code: 'user-field',
  severity: 'error',
  title: {
    en: 'the user’s name is missing, or there is one too many',
    fr: 'le nom d’utilisateur manque, ou il y en a un de trop',
  },
  harm: {
    en: 'cron takes the wrong word for the user or for the command, and the job never runs.',
    fr: 'cron prend le mauvais mot pour l’utilisateur ou pour la commande, et la tâche ne tourne jamais.',
  },
  evidence: {
    versions: 'all',
    source: 'crontab(5)',
    says: {
      en: '/etc/crontab and /etc/cron.d have a user between time and command; the crontabs of users do not.',
      fr: '/etc/crontab et /etc/cron.d ont un utilisateur entre l’heure et la commande ; les crontabs des utilisateurs n’en ont pas.',
    },
  },
  fix: {
    en: 'Name the user in cron.d, and nowhere else.',
    fr: 'Nommez l’utilisateur dans cron.d, et nulle part ailleurs.',
  },
  *check(subject) {
    for (const { oddities } of tasksOfMastodon(subject))
      for (const { kind, place } of oddities) {
        if (kind === 'user-missing')
          yield {
            place,
            message: { en: 'A user’s name is expected here.', fr: 'Un nom d’utilisateur est attendu ici.' },
            edits: [
              {
                kind: 'replace',
                place: { ...place, endLine: place.line, endColumn: place.column },
                text: 'mastodon ',
              },
            ],
          }
        if (kind === 'user-too-many')
          yield {
            place,
            message: {
              en: 'In a user’s own crontab this is read as the command.',
              fr: 'Dans la crontab d’un utilisateur, ceci est lu comme la commande.',
            },
            edits: [{ kind: 'replace', place: { ...place, endColumn: place.endColumn + 1 }, text: '' }],
          }
      }
  },
}
