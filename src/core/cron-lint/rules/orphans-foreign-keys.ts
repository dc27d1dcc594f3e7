import { callsOf, isDryRun } from '../judge.ts'
import type { Rule } from '../rule.ts'
import { optionOf } from '../tootctl/read-call.ts'

export const orphansForeignKeys: Rule = {
  code: 'orphans-foreign-keys',
  severity: 'error',
  title: {
    en: '`remove-orphans` of 4.3 deletes what is not Mastodon’s',
    fr: '`remove-orphans` de 4.3 supprime ce qui n’est pas à Mastodon',
  },
  harm: {
    en: 'Whatever else lies in the bucket under a key of seven or ten parts is deleted as an orphan, icons of link providers included.',
    fr: 'Tout ce qui se trouve dans le bucket sous une clé de sept ou dix parties est supprimé comme orphelin, y compris les icônes des fournisseurs de liens.',
  },
  evidence: {
    versions: '4.3',
    source: 'lib/mastodon/cli/media.rb',
    says: {
      en: 'On S3, 4.3 does not check the class that a key names; 4.4 and later do.',
      fr: 'Sur S3, 4.3 ne vérifie pas la classe que nomme une clé ; 4.4 et suivants le font.',
    },
  },
  fix: {
    en: 'Upgrade first, or keep it to the known folders with `--prefix`.',
    fr: 'Mettez d’abord à jour, ou limitez-la aux dossiers connus avec `--prefix`.',
  },
  *check(subject) {
    if (subject.version !== '4.3') return
    for (const call of callsOf(subject, 'media remove-orphans')) {
      if (optionOf(call.tootctl, '--prefix') !== null || isDryRun(call)) continue
      yield {
        place: call.command.place,
        message: {
          en: 'On 4.3 this deletes keys of any class that has no row, not only of Mastodon’s.',
          fr: 'En 4.3, ceci supprime les clés de toute classe sans ligne, pas seulement celles de Mastodon.',
        },
        better: 'orphans',
      }
    }
  },
}
