import { callsOf, isDryRun } from '../judge.ts'
import type { Rule } from '../rule.ts'
import { optionOf } from '../tootctl/read-call.ts'

export const refreshAll: Rule = {
  code: 'refresh-all',
  severity: 'warning',
  title: {
    en: 'good pictures traded for failed downloads',
    fr: 'de bonnes images échangées contre des échecs',
  },
  harm: {
    en: 'Every picture is downloaded again, whole or not, and one whose origin answers with something else is lost.',
    fr: 'Chaque image est retéléchargée, intacte ou non, et celle dont l’origine répond autre chose est perdue.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/accounts.rb, media.rb',
    says: {
      en: '`accounts refresh --all` and `media refresh --force` reset what is there before a valid file is in hand, without a look at suspensions.',
      fr: '`accounts refresh --all` et `media refresh --force` effacent l’existant avant d’avoir un fichier valable, sans regarder les suspensions.',
    },
  },
  fix: { en: 'Bring back only what is broken.', fr: 'Ne ramenez que ce qui est cassé.' },
  *check(subject) {
    for (const call of callsOf(subject, 'accounts refresh', 'media refresh')) {
      const option = optionOf(call.tootctl, call.tootctl.name === 'accounts refresh' ? '--all' : '--force')
      if (option === null || isDryRun(call)) continue
      yield {
        place: option.word.place,
        message: {
          en: `\`${call.tootctl.name} ${option.name}\` downloads again what is not broken.`,
          fr: `\`${call.tootctl.name} ${option.name}\` retélécharge ce qui n’est pas cassé.`,
        },
        better: 'heal',
      }
    }
  },
}
