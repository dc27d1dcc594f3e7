import { callsOf, withoutLine } from '../judge.ts'
import type { Rule } from '../rule.ts'

export const cacheClearFreesNothing: Rule = {
  code: 'cache-clear-frees-nothing',
  severity: 'warning',
  title: { en: '`cache clear` believed to free media', fr: '`cache clear` censé libérer des médias' },
  harm: {
    en: 'No file is removed by it; the site is slower until its cache in Redis is warm again.',
    fr: 'Aucun fichier n’est supprimé ; le site est plus lent jusqu’à ce que son cache dans Redis soit de nouveau rempli.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/cache.rb',
    says: {
      en: 'The command clears the Rails cache (keys `cache:*` in Redis) and touches neither media nor feeds.',
      fr: 'La commande vide le cache de Rails (clés `cache:*` dans Redis) et ne touche ni aux médias ni aux fils.',
    },
  },
  fix: {
    en: 'Take the line out; `media remove` is what frees space.',
    fr: 'Retirez la ligne ; c’est `media remove` qui libère de la place.',
  },
  *check(subject) {
    for (const call of callsOf(subject, 'cache clear'))
      yield {
        place: call.command.place,
        message: {
          en: '`cache clear` on a schedule frees no media at all.',
          fr: '`cache clear` à intervalles réguliers ne libère aucun média.',
        },
        edits: withoutLine(call),
      }
  },
}
