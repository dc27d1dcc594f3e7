import { callsOf, withoutLine } from '../judge.ts'
import type { Rule } from '../rule.ts'
import { optionOf } from '../tootctl/read-call.ts'

export const cullDryRunWrites: Rule = {
  code: 'cull-dry-run-writes',
  severity: 'warning',
  title: {
    en: '`accounts cull --dry-run` is not harmless',
    fr: '`accounts cull --dry-run` n’est pas sans effet',
  },
  harm: {
    en: 'Every account that answers is touched, so that the next real cull and every removal of old profiles pass it over for a week.',
    fr: 'Chaque compte qui répond est modifié, si bien que le prochain vrai cull et toute suppression de vieux profils l’ignorent pendant une semaine.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/accounts.rb',
    says: {
      en: 'Anything but 404 and 410 touches `updated_at`, also in a dry run.',
      fr: 'Toute réponse autre que 404 et 410 modifie `updated_at`, même à blanc.',
    },
  },
  fix: { en: 'Do not schedule dry runs of cull.', fr: 'Ne programmez pas de cull à blanc.' },
  *check(subject) {
    for (const call of callsOf(subject, 'accounts cull')) {
      const option = optionOf(call.tootctl, '--dry-run')
      if (option === null) continue
      yield {
        place: option.word.place,
        message: {
          en: 'The dry run of `accounts cull` writes to every account that it visits.',
          fr: 'L’essai à blanc de `accounts cull` écrit dans chaque compte qu’il visite.',
        },
        edits: withoutLine(call),
      }
    }
  },
}
