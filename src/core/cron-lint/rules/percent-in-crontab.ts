import type { Rule } from '../rule.ts'
import { tasksOfMastodon } from '../tasks-of-mastodon.ts'

export const percentInCrontab: Rule = {
  code: 'percent-in-crontab',
  severity: 'error',
  title: { en: 'a percent sign cuts the line', fr: 'un signe pour cent coupe la ligne' },
  harm: {
    en: 'cron ends the command at the first `%`, so that the rest of the line is never run.',
    fr: 'cron termine la commande au premier `%`, si bien que le reste de la ligne n’est jamais exécuté.',
  },
  evidence: {
    versions: 'cron, cronie',
    source: 'crontab(5)',
    says: {
      en: 'A `%` without a backslash is a line break, and what follows is the command’s input.',
      fr: 'Un `%` sans barre oblique inverse est un saut de ligne, et la suite est l’entrée de la commande.',
    },
  },
  fix: { en: String.raw`Write \% instead.`, fr: String.raw`Écrivez \% à la place.` },
  *check(subject) {
    for (const { oddities } of tasksOfMastodon(subject))
      for (const { kind, place } of oddities)
        if (kind === 'percent')
          yield {
            place,
            message: {
              en: 'cron reads no further than this `%`.',
              fr: 'cron ne lit pas plus loin que ce `%`.',
            },
            edits: [{ kind: 'replace', place, text: String.raw`\%` }],
          }
  },
}
