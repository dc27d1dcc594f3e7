import type { ScheduledCommand, Word } from '../../model/scheduled.ts'
import { mediaPath, ofKind } from '../media-path.ts'
import type { Rule } from '../rule.ts'

/** Programs that delete, and the words that make them do it. */
const DELETERS: Readonly<Record<string, readonly string[] | null>> = {
  rm: null,
  unlink: null,
  shred: null,
  rmdir: null,
  tmpreaper: null,
  tmpwatch: null,
  find: ['-delete', 'rm', 'unlink'],
  aws: ['rm', 'delete-object', 'delete-objects'],
  s3cmd: ['del', 'rm', 'expire'],
  rclone: ['delete', 'purge', 'deletefile'],
  mc: ['rm'],
  mcli: ['rm'],
  b2: ['rm', 'delete-file-version'],
  gsutil: ['rm'],
  s5cmd: ['rm'],
  rsync: ['--delete', '--delete-after', '--delete-excluded', '--remove-source-files'],
}

export const deletesCacheFiles: Rule = {
  code: 'deletes-cache-files',
  severity: 'error',
  title: { en: 'files deleted behind Mastodon’s back', fr: 'des fichiers supprimés dans le dos de Mastodon' },
  harm: {
    en: 'The database goes on naming the files, so Mastodon never fetches them again: what was deleted stays broken for ever.',
    fr: 'La base continue de nommer les fichiers, donc Mastodon ne les recharge jamais : ce qui est supprimé reste cassé pour toujours.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'app/models/concerns/remotable.rb, app/controllers/media_proxy_controller.rb',
    says: {
      en: 'A download is tried only where the file name in the row is empty; deleting the file alone leaves it full.',
      fr: 'Un téléchargement n’est tenté que si le nom de fichier est vide dans la ligne ; supprimer le fichier seul ne le vide pas.',
    },
  },
  fix: {
    en: 'Let something remove them that tells the database.',
    fr: 'Faites-les supprimer par ce qui prévient la base.',
  },
  *check({ maintenance }) {
    for (const { tasks } of maintenance.documents)
      for (const { commands } of tasks)
        for (const command of commands) {
          const target = deletedMedia(command)
          if (target === null) continue
          const kind = ofKind(target.text)
          yield {
            place: target.place,
            message: {
              en: `This deletes ${kind.en} without telling the database.`,
              fr: `Ceci supprime ${kind.fr} sans prévenir la base.`,
            },
            ...(kind.better === undefined ? {} : { better: kind.better }),
          }
        }
  },
}

function deletedMedia({ words }: ScheduledCommand): Word | null {
  const [program, ...rest] = words
  const name = program?.text.slice(program.text.lastIndexOf('/') + 1) ?? ''
  const needs = Object.hasOwn(DELETERS, name) ? DELETERS[name] : undefined
  if (needs === undefined) return null
  if (needs !== null && !rest.some(({ text }) => needs.includes(text))) return null
  return rest.find(({ text }) => mediaPath(text)) ?? null
}
