import { callsOf, HEAVY } from '../judge.ts'
import type { Rule } from '../rule.ts'
import { optionOf } from '../tootctl/read-call.ts'

export const dryRunOnSchedule: Rule = {
  code: 'dry-run-on-schedule',
  severity: 'note',
  title: { en: 'a dry run on a schedule', fr: 'un essai à blanc programmé' },
  harm: {
    en: 'The job does all of the reading and none of the work, and the disk fills up behind its back.',
    fr: 'La tâche lit tout et ne fait rien, et le disque se remplit derrière elle.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/*.rb',
    says: { en: 'With `--dry-run` nothing is removed.', fr: 'Avec `--dry-run`, rien n’est supprimé.' },
  },
  fix: {
    en: 'Take the option out once you have seen what it would do.',
    fr: 'Retirez l’option une fois que vous avez vu l’effet.',
  },
  *check(subject) {
    for (const call of callsOf(subject, ...HEAVY.filter((name) => name !== 'accounts cull'))) {
      const option = optionOf(call.tootctl, '--dry-run')
      if (option === null || call.task.schedule === null) continue
      yield {
        place: option.word.place,
        message: {
          en: `\`${call.tootctl.name} --dry-run\` runs and removes nothing.`,
          fr: `\`${call.tootctl.name} --dry-run\` tourne et ne supprime rien.`,
        },
      }
    }
  },
}
