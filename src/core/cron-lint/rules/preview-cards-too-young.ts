import { callsOf, isDryRun, withValue } from '../judge.ts'
import type { Rule } from '../rule.ts'
import { numberOf, optionOf } from '../tootctl/read-call.ts'

const YOUNGEST = 14

export const previewCardsTooYoung: Rule = {
  code: 'preview-cards-too-young',
  severity: 'warning',
  title: {
    en: 'preview cards removed after less than two weeks',
    fr: 'des aperçus de liens supprimés avant deux semaines',
  },
  harm: {
    en: 'Cards of links that people still share lose their picture, and get it back only when somebody posts the link anew.',
    fr: 'Les aperçus de liens encore partagés perdent leur image, et ne la retrouvent que si quelqu’un publie le lien de nouveau.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/preview_cards.rb',
    says: {
      en: 'The command’s own help advises against less than two weeks; its default is 180 days. No picture address is kept.',
      fr: 'L’aide de la commande elle-même déconseille moins de deux semaines ; sa valeur par défaut est 180 jours. L’adresse de l’image n’est pas gardée.',
    },
  },
  fix: { en: 'Give two weeks or more.', fr: 'Donnez deux semaines ou plus.' },
  *check(subject) {
    for (const call of callsOf(subject, 'preview_cards remove')) {
      const option = optionOf(call.tootctl, '--days')
      const days = numberOf(call.tootctl, '--days')
      if (option === null || days === null || days <= 0 || days >= YOUNGEST || isDryRun(call)) continue
      yield {
        place: (option.valueWord ?? option.word).place,
        message: {
          en: `Cards of ${days} days are still being shared.`,
          fr: `Des aperçus de ${days} jours sont encore partagés.`,
        },
        edits: withValue(option, '30'),
        better: 'pruneCards',
      }
    }
  },
}
