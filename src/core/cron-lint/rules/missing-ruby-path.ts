import { isEnvironmentOpen, oncePerFile } from '../judge.ts'
import type { Rule, Subject } from '../rule.ts'

export const missingRubyPath: Rule = {
  code: 'missing-ruby-path',
  severity: 'warning',
  title: { en: 'the path to Ruby is not set', fr: 'le chemin de Ruby n’est pas défini' },
  harm: {
    en: '`env: ruby: No such file or directory`: cron’s own PATH has no rbenv, and the job never runs.',
    fr: '`env: ruby: No such file or directory` : le PATH de cron ne connaît pas rbenv, et la tâche ne tourne jamais.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'bin/tootctl; crontab(5)',
    says: {
      en: 'bin/tootctl asks `env` for ruby; cron’s PATH is /usr/bin:/bin, systemd’s and sudo’s have no folder of a user either.',
      fr: 'bin/tootctl demande ruby à `env` ; le PATH de cron est /usr/bin:/bin, et ceux de systemd et de sudo n’ont aucun dossier d’utilisateur non plus.',
    },
  },
  fix: {
    en: 'Put the folder of Ruby into PATH, for example `PATH=/home/mastodon/.rbenv/shims:/usr/local/bin:/usr/bin:/bin`.',
    fr: 'Mettez le dossier de Ruby dans PATH, par exemple `PATH=/home/mastodon/.rbenv/shims:/usr/local/bin:/usr/bin:/bin`.',
  },
  check: (subject) => oncePerFile(judgements(subject)),
}

function* judgements({ calls }: Subject) {
  for (const { tootctl, command } of calls) {
    const { program } = tootctl
    if (
      command.environment['PATH'] !== undefined ||
      isEnvironmentOpen(command) ||
      !program.text.includes('/')
    )
      continue
    // /home/mastodon/.rbenv/shims/bundle finds its Ruby by itself, and so does `rbenv exec`
    if (
      command.wrappers.some(
        (each) =>
          ['rbenv', 'rvm', 'asdf', 'mise'].includes(each.program) ||
          each.words[0]?.text.includes('/bundle') === true ||
          each.words[0]?.text.endsWith('/ruby') === true,
      )
    )
      continue
    yield {
      place: program.place,
      message: { en: 'Nothing says where Ruby is.', fr: 'Rien ne dit où est Ruby.' },
    }
  }
}
