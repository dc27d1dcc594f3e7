import { callsOf, isDryRun, withValue } from '../judge.ts'
import type { Rule } from '../rule.ts'
import { numberOf, optionOf } from '../tootctl/read-call.ts'

export const daysZero: Rule = {
  code: 'days-zero',
  severity: 'error',
  title: { en: 'no age at all', fr: 'aucun âge minimal' },
  harm: {
    en: 'Everything goes, what came in a second ago included, and all of it is fetched again from other servers as soon as people scroll.',
    fr: 'Tout part, même ce qui vient d’arriver, et tout est redemandé aux autres serveurs dès que quelqu’un fait défiler.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/media.rb, preview_cards.rb, statuses.rb',
    says: {
      en: '`--days` is the age in days before now; with 0 the limit is the present moment.',
      fr: '`--days` est l’âge en jours avant maintenant ; avec 0, la limite est l’instant présent.',
    },
  },
  fix: { en: 'Give an age of a week or more.', fr: 'Donnez un âge d’une semaine au moins.' },
  *check(subject) {
    for (const call of callsOf(subject, 'media remove', 'preview_cards remove', 'statuses remove')) {
      const option = optionOf(call.tootctl, '--days')
      const days = numberOf(call.tootctl, '--days')
      if (option === null || days === null || days > 0 || isDryRun(call)) continue
      const cards = call.tootctl.name === 'preview_cards remove'
      // of these nothing of Cornac's is a like: it keeps what people have to do with
      const profiles =
        optionOf(call.tootctl, '--prune-profiles') !== null ||
        optionOf(call.tootctl, '--remove-headers') !== null
      const better = cards ? '30' : call.tootctl.name === 'statuses remove' ? '90' : '7'
      yield {
        place: (option.valueWord ?? option.word).place,
        message: {
          en: `\`--days ${days}\` removes everything that is there, however new.`,
          fr: `\`--days ${days}\` supprime tout ce qui est là, même le plus récent.`,
        },
        edits: withValue(option, better),
        ...(call.tootctl.name === 'media remove' && !profiles ? { better: 'pruneMedia' as const } : {}),
        ...(cards ? { better: 'pruneCards' as const } : {}),
      }
    }
  },
}
