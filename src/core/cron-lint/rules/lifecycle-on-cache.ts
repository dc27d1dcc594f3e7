import type { LifecycleRule } from '../../model/scheduled.ts'
import { ofKind } from '../media-path.ts'
import type { Rule } from '../rule.ts'

const MEDIA = /^(cache|accounts|media_attachments|custom_emojis|preview_cards|site_uploads)(\/|$)/

export const lifecycleOnCache: Rule = {
  code: 'lifecycle-on-cache',
  severity: 'error',
  title: { en: 'a bucket that forgets media by itself', fr: 'un bucket qui oublie des médias tout seul' },
  harm: {
    en: 'The bucket removes objects that the database still names: avatars, headers and cards stay broken for ever, and without a prefix the uploads of your own users go, too.',
    fr: 'Le bucket supprime des objets que la base nomme encore : avatars, bannières et aperçus restent cassés pour toujours, et sans préfixe les fichiers de vos propres membres partent aussi.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'app/models/concerns/remotable.rb; S3, lifecycle configuration',
    says: {
      en: 'Mastodon notices nothing: it fetches only what its rows do not name, and objects in archives are not readable at once.',
      fr: 'Mastodon ne remarque rien : il ne recharge que ce que ses lignes ne nomment pas, et un objet archivé n’est pas lisible tout de suite.',
    },
  },
  fix: {
    en: 'Take the rule out; unfinished uploads and old versions may go by a rule, objects may not.',
    fr: 'Retirez la règle ; une règle peut emporter des envois inachevés et d’anciennes versions, pas des objets.',
  },
  *check({ maintenance, setting }) {
    const own = setting('S3_KEY_PREFIX')
    for (const { lifecycle } of maintenance.documents)
      for (const rule of lifecycle) {
        if (
          !rule.enabled ||
          (rule.removes !== 'objects' && rule.removes !== 'archives') ||
          !concernsMedia(rule, own)
        )
          continue
        const where = rule.prefix?.text ?? ''
        const kind: ReturnType<typeof ofKind> =
          where === ''
            ? {
                en: 'everything, uploads of your users included,',
                fr: 'tout, fichiers de vos membres compris,',
                better: 'pruneMedia',
              }
            : ofKind(where)
        const days =
          rule.days === null
            ? { en: '', fr: '' }
            : { en: ` after ${rule.days} days`, fr: ` au bout de ${rule.days} jours` }
        yield {
          place: rule.place,
          message:
            rule.removes === 'archives'
              ? {
                  en: `This moves ${kind.en} to an archive${days.en}, where nobody can read it.`,
                  fr: `Ceci met ${kind.fr} en archive${days.fr}, où personne ne peut lire.`,
                }
              : {
                  en: `This removes ${kind.en}${days.en} without telling the database.`,
                  fr: `Ceci supprime ${kind.fr}${days.fr} sans prévenir la base.`,
                },
          ...(kind.better === undefined ? {} : { better: kind.better }),
        }
      }
  },
}

function concernsMedia({ prefix }: LifecycleRule, own: string | null): boolean {
  const text = prefix?.text.replace(/^\//, '') ?? ''
  if (text === '' || MEDIA.test(text) || /(^|\/)(cache|system\/cache)\//.test(text)) return true
  return own !== null && own !== '' && (text.startsWith(own) || own.startsWith(text))
}
