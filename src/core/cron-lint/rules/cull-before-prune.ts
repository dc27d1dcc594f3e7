import { callsOf, isDryRun } from '../judge.ts'
import type { Rule } from '../rule.ts'
import { numberOf, optionOf } from '../tootctl/read-call.ts'

export const cullBeforePrune: Rule = {
  code: 'cull-before-prune',
  severity: 'warning',
  title: {
    en: 'cull and the removal of profile pictures defeat each other',
    fr: 'cull et la suppression des images de profil se neutralisent',
  },
  harm: {
    en: 'Cull touches every account that lives, and the removal of old profile pictures then takes none of them for old.',
    fr: 'Cull modifie chaque compte vivant, et la suppression des vieilles images de profil n’en trouve alors plus aucun assez vieux.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/accounts.rb, media.rb',
    says: {
      en: 'Cull sets `updated_at` of all it visits; `media remove --prune-profiles` wants `updated_at` older than `--days`.',
      fr: 'Cull renseigne `updated_at` pour tous ceux qu’il visite ; `media remove --prune-profiles` exige un `updated_at` plus vieux que `--days`.',
    },
  },
  fix: {
    en: 'Keep one of them; if it is cull, nothing else is needed.',
    fr: 'N’en gardez qu’un ; si c’est cull, le reste est inutile.',
  },
  *check(subject) {
    const prune = callsOf(subject, 'media remove').find(
      (call) =>
        !isDryRun(call) &&
        (optionOf(call.tootctl, '--prune-profiles') !== null ||
          optionOf(call.tootctl, '--remove-headers') !== null),
    )
    if (prune === undefined) return
    const days = numberOf(prune.tootctl, '--days') ?? 7
    for (const call of callsOf(subject, 'accounts cull')) {
      const { file, line } = prune.command.place
      const where = file === call.command.place.file ? `line ${line}` : `${file}:${line}`
      const ou = file === call.command.place.file ? `ligne ${line}` : `${file}:${line}`
      yield {
        place: call.command.place,
        message: {
          en: `For ${days} days after this cull, the removal of profile pictures (${where}) finds nothing.`,
          fr: `Pendant ${days} jours après ce cull, la suppression des images de profil (${ou}) ne trouve rien.`,
        },
      }
    }
  },
}
