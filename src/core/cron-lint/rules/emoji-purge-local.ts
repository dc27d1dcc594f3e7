import { callsOf, insertAfter } from '../judge.ts'
import type { Rule } from '../rule.ts'
import { optionOf } from '../tootctl/read-call.ts'

export const emojiPurgeLocal: Rule = {
  code: 'emoji-purge-local',
  severity: 'error',
  title: { en: 'the server’s own emoji are deleted', fr: 'les émojis du serveur sont supprimés' },
  harm: {
    en: 'Every custom emoji of this server is deleted, rows and files, without a question and without a way back.',
    fr: 'Chaque émoji personnalisé de ce serveur est supprimé, lignes et fichiers, sans question et sans retour possible.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/emoji.rb',
    says: {
      en: '`emoji purge` without an option destroys all custom emoji; there is no dry run.',
      fr: '`emoji purge` sans option détruit tous les émojis personnalisés ; il n’y a pas d’essai à blanc.',
    },
  },
  fix: { en: 'Add `--remote-only`.', fr: 'Ajoutez `--remote-only`.' },
  *check(subject) {
    for (const call of callsOf(subject, 'emoji purge')) {
      const { tootctl } = call
      if (optionOf(tootctl, '--remote-only') !== null || optionOf(tootctl, '--suspended-only') !== null)
        continue
      yield {
        place: call.command.place,
        message: {
          en: '`emoji purge` without `--remote-only` deletes the emoji of this server, too.',
          fr: '`emoji purge` sans `--remote-only` supprime aussi les émojis de ce serveur.',
        },
        edits: insertAfter(tootctl.nameWords.at(-1), ' --remote-only'),
      }
    }
  },
}
