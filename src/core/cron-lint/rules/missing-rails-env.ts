import { insertBefore, isEnvironmentOpen, oncePerFile } from '../judge.ts'
import type { Rule, Subject } from '../rule.ts'

export const missingRailsEnv: Rule = {
  code: 'missing-rails-env',
  severity: 'error',
  title: { en: 'RAILS_ENV is not set', fr: 'RAILS_ENV n’est pas défini' },
  harm: {
    en: 'tootctl starts for development: it misses .env.production and its database, fails, and the job never runs.',
    fr: 'tootctl démarre en mode développement : il ignore .env.production et sa base, échoue, et la tâche ne tourne jamais.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'config/boot.rb; crontab(5), sudo(8)',
    says: {
      en: 'Rails takes `development` where RAILS_ENV is empty; cron starts with an almost empty environment, and sudo clears what was exported.',
      fr: 'Rails prend `development` si RAILS_ENV est vide ; cron démarre avec un environnement presque vide, et sudo efface ce qui était exporté.',
    },
  },
  fix: {
    en: 'Write `RAILS_ENV=production` before the command.',
    fr: 'Écrivez `RAILS_ENV=production` devant la commande.',
  },
  check: (subject) => oncePerFile(judgements(subject)),
}

function* judgements({ calls }: Subject) {
  for (const { tootctl, command } of calls) {
    const { program } = tootctl
    // NixOS wraps the program with all it needs
    if (
      command.environment['RAILS_ENV'] !== undefined ||
      isEnvironmentOpen(command) ||
      program.text.endsWith('mastodon-tootctl')
    )
      continue
    const sudo = command.wrappers.findLast(({ kind }) => kind === 'user')
    const first =
      command.wrappers.find(({ program: name }) => name === 'bundle' || name === 'ruby')?.words[0] ?? program
    yield {
      place: program.place,
      message:
        sudo === undefined
          ? {
              en: 'Nothing sets RAILS_ENV for this tootctl.',
              fr: 'Rien ne définit RAILS_ENV pour ce tootctl.',
            }
          : {
              en: `Nothing sets RAILS_ENV behind \`${sudo.program}\`.`,
              fr: `Rien ne définit RAILS_ENV derrière \`${sudo.program}\`.`,
            },
      edits: insertBefore(
        first,
        sudo !== undefined && sudo.program !== 'sudo' ? 'env RAILS_ENV=production ' : 'RAILS_ENV=production ',
      ),
    }
  }
}
