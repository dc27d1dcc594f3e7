import { callsOf, HEAVY, isElsewhere, oncePerFile } from '../judge.ts'
import type { Rule, Subject } from '../rule.ts'

export const wrongUser: Rule = {
  code: 'wrong-user',
  severity: 'warning',
  title: { en: 'tootctl as root', fr: 'tootctl en tant que root' },
  harm: {
    en: 'Files and folders that root makes belong to root: Mastodon can neither replace nor delete them afterwards.',
    fr: 'Les fichiers et dossiers créés par root appartiennent à root : Mastodon ne peut ensuite ni les remplacer ni les supprimer.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'dist/mastodon-sidekiq.service',
    says: {
      en: 'Mastodon’s services run as `mastodon`, and media have to stay theirs.',
      fr: 'Les services de Mastodon tournent sous `mastodon`, et les médias doivent rester à eux.',
    },
  },
  fix: { en: 'Run it as `mastodon`.', fr: 'Lancez-le sous `mastodon`.' },
  check: (subject) => oncePerFile(judgements(subject)),
}

function* judgements(subject: Subject) {
  for (const { tootctl, command, task, document } of callsOf(
    subject,
    ...HEAVY,
    'cache clear',
    'emoji purge',
    'upgrade storage-schema',
  )) {
    const ownCrontab = /(^|\/)(crontabs|spool\/cron)\/root$/.test(document.path) ? 'root' : null
    const user = command.user ?? task.user ?? ownCrontab
    if (user !== 'root' || isElsewhere(command)) continue
    const word =
      task.schedule?.fields.length === 5 && task.kind === 'crontab' ? tootctl.program : tootctl.program
    yield {
      place: word.place,
      message: { en: 'This runs as root.', fr: 'Ceci tourne sous root.' },
    }
  }
}
