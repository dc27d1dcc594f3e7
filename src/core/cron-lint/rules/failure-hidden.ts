import { callsOf, HEAVY } from '../judge.ts'
import type { Rule } from '../rule.ts'

export const failureHidden: Rule = {
  code: 'failure-hidden',
  severity: 'note',
  title: { en: 'a failure that is called a success', fr: 'un échec que l’on appelle un succès' },
  harm: {
    en: 'Whatever watches the job believes that it went well, also when tootctl could not even start.',
    fr: 'Ce qui surveille la tâche croit que tout va bien, même quand tootctl n’a pas pu démarrer.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/base.rb',
    says: {
      en: 'tootctl ends with 1 on wrong options and when it cannot start, which is the little that it tells.',
      fr: 'tootctl finit avec 1 sur de mauvaises options et quand il ne peut pas démarrer, et c’est le peu qu’il dit.',
    },
  },
  fix: { en: 'Leave `|| true` out.', fr: 'Enlevez `|| true`.' },
  *check(subject) {
    for (const { command } of callsOf(subject, ...HEAVY)) {
      const place = command.failureIgnored
      if (place === null) continue
      yield {
        place,
        message: { en: '`|| true` hides that tootctl failed.', fr: '`|| true` cache que tootctl a échoué.' },
        edits: place.line === place.endLine ? [{ kind: 'replace', place, text: '' }] : [],
      }
    }
  },
}
