import { callsOf, withoutWord } from '../judge.ts'
import type { Rule } from '../rule.ts'
import { optionOf } from '../tootctl/read-call.ts'

export const compressDatabase: Rule = {
  code: 'compress-database',
  severity: 'error',
  title: {
    en: 'the table of posts is locked on a schedule',
    fr: 'la table des messages est verrouillée régulièrement',
  },
  harm: {
    en: 'The table of posts is rewritten under an exclusive lock: nobody can read or post until it is done, and it needs as much free disk again.',
    fr: 'La table des messages est réécrite sous verrou exclusif : personne ne lit ni ne publie avant la fin, et il faut autant de place libre.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/statuses.rb; PostgreSQL, VACUUM',
    says: {
      en: '`--compress-database` runs VACUUM FULL ANALYZE and REINDEX TABLE on `statuses`.',
      fr: '`--compress-database` lance VACUUM FULL ANALYZE et REINDEX TABLE sur `statuses`.',
    },
  },
  fix: {
    en: 'Take the option out, and do this by hand while the site is down.',
    fr: 'Retirez l’option, et faites-le à la main, site arrêté.',
  },
  *check(subject) {
    for (const call of callsOf(subject, 'statuses remove')) {
      const option = optionOf(call.tootctl, '--compress-database')
      if (option === null) continue
      yield {
        place: option.word.place,
        message: {
          en: '`--compress-database` locks the table of posts for as long as it takes to write it anew.',
          fr: '`--compress-database` verrouille la table des messages le temps de la réécrire entière.',
        },
        edits: withoutWord(option.word),
      }
    }
  },
}
