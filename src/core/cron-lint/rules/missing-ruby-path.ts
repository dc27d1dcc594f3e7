import type { Maintenance } from '../../model/scheduled.ts'
import { isEnvironmentOpen, oncePerFile } from '../judge.ts'
import type { Call, Judgement, Rule, Subject, Texts } from '../rule.ts'

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
      en: 'bin/tootctl asks `env` for ruby; cron’s PATH is /usr/bin:/bin, systemd’s and sudo’s have no folder of a user either. Where nothing names rbenv, rvm, asdf, mise or chruby, Ruby is taken to be the system’s own.',
      fr: 'bin/tootctl demande ruby à `env` ; le PATH de cron est /usr/bin:/bin, et ceux de systemd et de sudo n’ont aucun dossier d’utilisateur non plus. Si rien ne nomme rbenv, rvm, asdf, mise ou chruby, Ruby est réputé être celui du système.',
    },
  },
  fix: {
    en: 'Put the folder of Ruby into PATH, for example `PATH=/home/mastodon/.rbenv/shims:/usr/local/bin:/usr/bin:/bin`.',
    fr: 'Mettez le dossier de Ruby dans PATH, par exemple `PATH=/home/mastodon/.rbenv/shims:/usr/local/bin:/usr/bin:/bin`.',
  },
  check: (subject) => oncePerFile(judgements(subject)),
}

/** `mise` alone is a French word. */
const MANAGERS = /\b(rbenv|rvm|asdf|chruby)\b|\b(mise)(?=\/shims|\/installs| exec\b| x\b| activate\b)/

/** What cron, systemd and distributions put into PATH by themselves. */
const SYSTEM_FOLDERS = /^(\/usr(\/local)?)?\/s?bin$|^\/snap\/bin$|^$/

function* judgements(subject: Subject): Iterable<Judgement> {
  const { maintenance, calls } = subject
  if (calls.length === 0) return
  const mention = mentionIn(maintenance)
  const elsewhere = calls.some((call) => MANAGERS.test(call.command.environment['PATH']?.text ?? ''))
  for (const call of calls) {
    const { tootctl, command } = call
    const { program } = tootctl
    if (isEnvironmentOpen(command) || !program.text.includes('/') || findsItself(call)) continue
    const path = command.environment['PATH']
    // a path that was thought about may have a Ruby that nobody else knows of
    if (path !== undefined && (path.unknown || !elsewhere || !isSystemPath(path.text))) continue
    const evidence = mention ?? ownRubyOf(call, maintenance)
    if (evidence === null) continue
    yield {
      place: program.place,
      message: {
        en: `${evidence.en}, and nothing here says where that is.`,
        fr: `${evidence.fr}, et rien ici ne dit où c’est.`,
      },
    }
  }
}

/** /home/mastodon/.rbenv/shims/bundle finds its Ruby by itself, and so does `rbenv exec`. */
function findsItself({ command: { wrappers } }: Call): boolean {
  return wrappers.some(
    ({ program, words }) =>
      ['rbenv', 'rvm', 'asdf', 'mise'].includes(program) ||
      words[0]?.text.includes('/bundle') === true ||
      words[0]?.text.endsWith('/ruby') === true,
  )
}

function isSystemPath(path: string): boolean {
  return !path.includes('$') && path.split(':').every((folder) => SYSTEM_FOLDERS.test(folder))
}

/** The first place of any of the files that names a manager of Rubies. */
function mentionIn({ documents }: Maintenance): Texts | null {
  for (const { path, text } of documents) {
    const found = MANAGERS.exec(text)
    if (found === null) continue
    const name = found[1] ?? found[2]
    const at = `${path}:${text.slice(0, found.index).split('\n').length}`
    return { en: `Ruby comes from ${name} (${at})`, fr: `Ruby vient de ${name} (${at})` }
  }
  return null
}

function ownRubyOf({ command, task, document }: Call, { ownRubies }: Maintenance): Texts | null {
  const owner = /(?:^|\/)(?:crontabs|spool\/cron)\/([^/]+)$/.exec(document.path)?.[1]
  const user = command.user ?? task.user ?? owner
  const own = ownRubies.find((ruby) => ruby.user === user)
  if (own === undefined) return null
  return { en: `${own.user} has a Ruby in ${own.path}`, fr: `${own.user} a un Ruby dans ${own.path}` }
}
