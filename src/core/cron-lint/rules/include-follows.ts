import { callsOf, isDryRun, withoutWord } from '../judge.ts'
import type { Rule } from '../rule.ts'
import { optionOf } from '../tootctl/read-call.ts'

export const includeFollows: Rule = {
  code: 'include-follows',
  severity: 'error',
  title: { en: 'people who are followed lose their pictures', fr: 'les comptes suivis perdent leurs images' },
  harm: {
    en: 'Each run takes away the avatars and headers of the very accounts that people here follow, and they come back only when those post again.',
    fr: 'Chaque passage enlève les avatars et les bannières des comptes mêmes que l’on suit ici, et ils ne reviennent que si ces comptes publient de nouveau.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/media.rb',
    says: {
      en: 'Without the option an account with any row in `follows`, on either side, is passed over; with it nobody is.',
      fr: 'Sans l’option, un compte qui figure dans `follows`, d’un côté ou de l’autre, est épargné ; avec elle, personne ne l’est.',
    },
  },
  fix: { en: 'Take the option out.', fr: 'Retirez l’option.' },
  *check(subject) {
    for (const call of callsOf(subject, 'media remove')) {
      const option = optionOf(call.tootctl, '--include-follows')
      const profiles =
        optionOf(call.tootctl, '--prune-profiles') ?? optionOf(call.tootctl, '--remove-headers')
      if (option === null || profiles === null || isDryRun(call)) continue
      yield {
        place: option.word.place,
        message: {
          en: '`--include-follows` takes the pictures of followed accounts as well.',
          fr: '`--include-follows` prend aussi les images des comptes suivis.',
        },
        edits: withoutWord(option.word),
        better: 'heal',
      }
    }
  },
}
