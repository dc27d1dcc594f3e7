import { callsOf } from '../judge.ts'
import type { Rule } from '../rule.ts'

export const orphansKeyPrefix: Rule = {
  code: 'orphans-key-prefix',
  severity: 'error',
  title: {
    en: '`remove-orphans` in a bucket with a key prefix',
    fr: '`remove-orphans` dans un bucket à préfixe de clés',
  },
  harm: {
    en: 'Every key is “unrecognized” and nothing is removed; on 4.3 a prefix of three parts makes keys of other data look like orphans, and they are deleted.',
    fr: 'Chaque clé est « unrecognized » et rien n’est supprimé ; en 4.3, un préfixe de trois parties fait passer d’autres données pour des orphelins, et elles sont supprimées.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/media.rb',
    says: {
      en: 'A key must have 7 or 10 parts without `cache`; S3_KEY_PREFIX adds its own, which the command does not take off.',
      fr: 'Une clé doit avoir 7 ou 10 parties hors `cache` ; S3_KEY_PREFIX ajoute les siennes, que la commande n’enlève pas.',
    },
  },
  fix: { en: 'Do not use it here.', fr: 'Ne l’utilisez pas ici.' },
  *check(subject) {
    for (const call of callsOf(subject, 'media remove-orphans')) {
      const prefix = call.command.environment['S3_KEY_PREFIX']?.text ?? subject.setting('S3_KEY_PREFIX')
      if (prefix === null || prefix === '') continue
      yield {
        place: call.command.place,
        message: {
          en: `\`media remove-orphans\` cannot handle S3_KEY_PREFIX (here \`${prefix.slice(0, 60)}\`).`,
          fr: `\`media remove-orphans\` ne sait pas traiter S3_KEY_PREFIX (ici \`${prefix.slice(0, 60)}\`).`,
        },
        better: 'orphans',
      }
    }
  },
}
