import type { ScheduledCommand } from '../../model/scheduled.ts'
import { callsOf, isDryRun } from '../judge.ts'
import type { Rule } from '../rule.ts'

export const orphansWhileUploading: Rule = {
  code: 'orphans-while-uploading',
  severity: 'warning',
  title: { en: '`remove-orphans` while people upload', fr: '`remove-orphans` pendant que l’on publie' },
  harm: {
    en: 'A file whose row is not committed yet looks like an orphan: fresh uploads and pictures of your own users can be deleted.',
    fr: 'Un fichier dont la ligne n’est pas encore validée passe pour un orphelin : des envois récents de vos propres membres peuvent être supprimés.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/media.rb',
    says: {
      en: 'Files are written inside the database transaction and the scan has no age guard.',
      fr: 'Les fichiers sont écrits pendant la transaction, et la recherche n’a aucune garde d’âge.',
    },
  },
  fix: {
    en: 'Use something that spares young files, or stop web and Sidekiq meanwhile.',
    fr: 'Utilisez ce qui épargne les fichiers récents, ou arrêtez web et Sidekiq pendant ce temps.',
  },
  *check(subject) {
    for (const call of callsOf(subject, 'media remove-orphans')) {
      if (isDryRun(call) || call.task.commands.some(stopsMastodon)) continue
      yield {
        place: call.command.place,
        message: {
          en: 'This runs while Mastodon takes uploads, and asks no file for its age.',
          fr: 'Ceci tourne pendant que Mastodon reçoit des fichiers, et ne demande l’âge d’aucun.',
        },
        better: 'orphans',
      }
    }
  },
}

function stopsMastodon({ words }: ScheduledCommand): boolean {
  const texts = words.map(({ text }) => text)
  return texts.includes('stop') && texts.some((text) => /mastodon|^(web|sidekiq)$/.test(text))
}
