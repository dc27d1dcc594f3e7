import { insertBefore, isElsewhere, oncePerFile } from '../judge.ts'
import type { Rule, Subject } from '../rule.ts'

export const missingDirectory: Rule = {
  code: 'missing-directory',
  severity: 'error',
  title: { en: 'a relative path from nowhere', fr: 'un chemin relatif partant de nulle part' },
  harm: {
    en: 'cron starts in the home folder and systemd in /, where there is no bin/tootctl: the job never runs.',
    fr: 'cron démarre dans le dossier personnel et systemd dans /, où il n’y a pas de bin/tootctl : la tâche ne tourne jamais.',
  },
  evidence: {
    versions: 'all',
    source: 'crontab(5), systemd.exec(5)',
    says: {
      en: 'Jobs start in the home of their user, services in the root folder unless WorkingDirectory says otherwise.',
      fr: 'Les tâches démarrent dans le dossier de leur utilisateur, les services à la racine sauf avis de WorkingDirectory.',
    },
  },
  fix: {
    en: 'Go to Mastodon’s folder first: `cd /home/mastodon/live && …`.',
    fr: 'Allez d’abord dans le dossier de Mastodon : `cd /home/mastodon/live && …`.',
  },
  check: (subject) => oncePerFile(judgements(subject)),
}

function* judgements({ calls }: Subject) {
  for (const { tootctl, command, task } of calls) {
    const { program } = tootctl
    if (
      !program.text.includes('/') ||
      program.text.startsWith('/') ||
      program.text.startsWith('~') ||
      program.unknown
    )
      continue
    if (command.workingDirectory !== null || isElsewhere(command)) continue
    // a script may be started from the right folder; what cron, systemd and run-parts start is not
    if (task.kind === 'script') continue
    const line = task.kind === 'crontab' && command.wrappers.length === 0 && !command.inScript
    yield {
      place: program.place,
      message: {
        en: `Nothing goes to the folder in which \`${program.text}\` is.`,
        fr: `Rien ne va dans le dossier où se trouve \`${program.text}\`.`,
      },
      edits: line ? insertBefore(program, 'cd /home/mastodon/live && ') : [],
    }
  }
}
