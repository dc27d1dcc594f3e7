import { callsOf, withValue } from '../judge.ts'
import type { Rule } from '../rule.ts'
import { numberOf, optionOf } from '../tootctl/read-call.ts'

const FEW = 30

export const statusesFewDays: Rule = {
  code: 'statuses-few-days',
  severity: 'warning',
  title: { en: 'posts removed after a few days', fr: 'des messages supprimés après quelques jours' },
  harm: {
    en: 'Conversations lose their beginnings while people still read them, and indices on large tables are built and dropped at each run.',
    fr: 'Des conversations perdent leur début alors qu’on les lit encore, et des index de grandes tables sont construits puis retirés à chaque passage.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/statuses.rb',
    says: {
      en: 'The default is 90 days. Each run analyses `statuses` and adds an index for the conversations; 4.3 adds three more.',
      fr: 'La valeur par défaut est 90 jours. Chaque passage analyse `statuses` et ajoute un index pour les conversations ; 4.3 en ajoute trois autres.',
    },
  },
  fix: { en: 'Give 90 days, and run it once a month.', fr: 'Donnez 90 jours, et une fois par mois.' },
  *check(subject) {
    for (const call of callsOf(subject, 'statuses remove')) {
      const option = optionOf(call.tootctl, '--days')
      const days = numberOf(call.tootctl, '--days')
      if (option === null || days === null || days <= 0 || days >= FEW) continue
      yield {
        place: (option.valueWord ?? option.word).place,
        message: {
          en: `Posts of ${days} days are still being answered and looked up.`,
          fr: `Des messages de ${days} jours reçoivent encore des réponses et sont encore consultés.`,
        },
        edits: withValue(option, '90'),
      }
    }
  },
}
