import type { Rule } from '../rule.ts'
import { tasksOfMastodon } from '../tasks-of-mastodon.ts'

export const ignoredByCron: Rule = {
  code: 'ignored-by-cron',
  severity: 'error',
  title: { en: 'cron passes over this', fr: 'cron ignore ceci' },
  harm: {
    en: 'The job looks installed and is never run.',
    fr: 'La tâche a l’air installée et ne tourne jamais.',
  },
  evidence: {
    versions: 'Debian’s cron, run-parts',
    source: 'cron(8), run-parts(8), crontab(5)',
    says: {
      en: 'Files of cron.d and cron.daily whose names hold a dot are not read; a last line without a line break is ignored.',
      fr: 'Les fichiers de cron.d et cron.daily dont le nom contient un point ne sont pas lus ; une dernière ligne sans saut de ligne est ignorée.',
    },
  },
  fix: {
    en: 'Rename the file without a dot, and end the last line.',
    fr: 'Renommez le fichier sans point, et terminez la dernière ligne.',
  },
  *check(subject) {
    const told = new Set<string>()
    for (const { oddities } of tasksOfMastodon(subject))
      for (const { kind, place } of oddities) {
        if (kind === 'dot-in-name') {
          if (told.has(place.file)) continue
          told.add(place.file)
          const name = place.file.slice(place.file.lastIndexOf('/') + 1)
          yield {
            place,
            message: {
              en: `A file named \`${name}\` is not read in this folder.`,
              fr: `Un fichier nommé \`${name}\` n’est pas lu dans ce dossier.`,
            },
          }
        }
        if (kind === 'no-final-newline')
          yield {
            place,
            message: {
              en: 'The last line has no line break at its end.',
              fr: 'La dernière ligne n’a pas de saut de ligne à la fin.',
            },
            edits: [{ kind: 'replace', place: { ...place, column: place.endColumn }, text: '\n' }],
          }
      }
  },
}
