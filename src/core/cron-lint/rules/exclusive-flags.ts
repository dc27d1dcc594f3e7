import { callsOf, wholeCall, withoutLine } from '../judge.ts'
import type { Rule } from '../rule.ts'
import { optionOf } from '../tootctl/read-call.ts'

/** Two options that tootctl refuses together. */
export const exclusiveFlags: Rule = {
  code: 'exclusive-flags',
  severity: 'error',
  title: { en: 'options that exclude each other', fr: 'des options qui s’excluent' },
  harm: {
    en: 'tootctl refuses the line with an error and removes nothing, and cron rarely tells anybody.',
    fr: 'tootctl refuse la ligne avec une erreur et ne supprime rien, et cron le dit rarement à quelqu’un.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/media.rb',
    says: {
      en: '`media remove` ends with exit code 1 if `--prune-profiles` and `--remove-headers` are given together, and if `--include-follows` is given without one of them.',
      fr: '`media remove` se termine avec le code 1 si `--prune-profiles` et `--remove-headers` sont donnés ensemble, et si `--include-follows` est donné sans l’un d’eux.',
    },
  },
  fix: {
    en: 'Take the line out: corrected, it would remove at once all the pictures that have gathered.',
    fr: 'Retirez la ligne : corrigée, elle supprimerait d’un coup toutes les images accumulées.',
  },
  *check(subject) {
    for (const call of callsOf(subject, 'media remove')) {
      const profiles = optionOf(call.tootctl, '--prune-profiles')
      const headers = optionOf(call.tootctl, '--remove-headers')
      const follows = optionOf(call.tootctl, '--include-follows')
      if (profiles !== null && headers !== null)
        yield {
          place: headers.word.place,
          message: {
            en: '`--prune-profiles` and `--remove-headers` exclude each other; `--prune-profiles` covers headers already.',
            fr: '`--prune-profiles` et `--remove-headers` s’excluent ; `--prune-profiles` comprend déjà les bannières.',
          },
          edits: withoutLine(call),
        }
      else if (follows !== null && profiles === null && headers === null)
        yield {
          place: wholeCall(call),
          message: {
            en: '`--include-follows` is refused without `--prune-profiles` or `--remove-headers`.',
            fr: '`--include-follows` est refusé sans `--prune-profiles` ni `--remove-headers`.',
          },
          edits: [],
        }
    }
  },
}
