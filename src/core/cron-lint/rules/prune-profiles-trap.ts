import { callsOf, isDryRun, withoutLine } from '../judge.ts'
import type { Rule } from '../rule.ts'
import { numberOf, optionOf } from '../tootctl/read-call.ts'

/** Pictures of profiles removed on a schedule: the trap. */
export const pruneProfilesTrap: Rule = {
  code: 'prune-profiles-trap',
  severity: 'error',
  title: {
    en: 'pictures of profiles removed on a schedule',
    fr: 'des images de profil supprimées régulièrement',
  },
  harm: {
    en: 'Mastodon does not fetch avatars and headers again when somebody looks at a profile: accounts that are quiet stay without pictures for everybody, for ever.',
    fr: 'Mastodon ne recharge pas les avatars et les bannières quand quelqu’un regarde un profil : les comptes silencieux restent sans image pour tout le monde, pour toujours.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/media.rb, app/models/account.rb',
    says: {
      en: 'The job nulls the file names of avatar and header; only activities of the account itself, a week or more after the last fetch, schedule a refresh. Only attachments have a path that fetches on view.',
      fr: 'La tâche efface les noms des fichiers d’avatar et de bannière ; seules les activités du compte lui-même, une semaine au moins après la dernière visite, provoquent un rechargement. Seules les pièces jointes sont rechargées à la lecture.',
    },
  },
  fix: {
    en: 'Take the line out; `cornac heal --followed` brings back what was lost.',
    fr: 'Retirez la ligne ; `cornac heal --followed` ramène ce qui a été perdu.',
  },
  *check(subject) {
    for (const call of callsOf(subject, 'media remove')) {
      const profiles = optionOf(call.tootctl, '--prune-profiles')
      const headers = optionOf(call.tootctl, '--remove-headers')
      const option = profiles ?? headers
      if (option === null || (profiles !== null && headers !== null) || isDryRun(call)) continue
      const days = numberOf(call.tootctl, '--days') ?? 7
      const what =
        profiles === null
          ? { en: 'headers', fr: 'les bannières' }
          : { en: 'avatars and headers', fr: 'les avatars et les bannières' }
      yield {
        place: option.word.place,
        message: {
          en: `This removes the ${what.en} of every remote account that was not heard of for ${days} days, and they do not come back when somebody looks.`,
          fr: `Ceci supprime ${what.fr} de chaque compte distant sans nouvelles depuis ${days} jours, et rien ne revient quand quelqu’un regarde.`,
        },
        edits: withoutLine(call),
        better: 'heal',
      }
    }
  },
}
