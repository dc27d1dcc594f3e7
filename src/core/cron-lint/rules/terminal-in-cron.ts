import type { Word } from '../../model/scheduled.ts'
import { insertAfter, withoutWord } from '../judge.ts'
import type { Edit, Rule } from '../rule.ts'

/** Those that refuse to start without a terminal; podman and kubectl only warn. */
const REFUSE = new Set(['docker', 'docker compose', 'docker-compose', 'nerdctl'])

export const terminalInCron: Rule = {
  code: 'terminal-in-cron',
  severity: 'error',
  title: {
    en: 'a terminal is asked for where there is none',
    fr: 'un terminal demandé là où il n’y en a pas',
  },
  harm: {
    en: 'The runner answers “the input device is not a TTY” and the job never runs.',
    fr: 'Le lanceur répond « the input device is not a TTY » et la tâche ne tourne jamais.',
  },
  evidence: {
    versions: 'docker, docker-compose 1',
    source: 'docker exec, docker-compose exec',
    says: {
      en: '`-t` wants a terminal; `docker-compose exec` takes one unless it is told `-T`. cron and timers have none.',
      fr: '`-t` veut un terminal ; `docker-compose exec` en prend un sauf avec `-T`. Ni cron ni les minuteurs n’en ont.',
    },
  },
  fix: {
    en: 'Leave `-t` out; with docker-compose, add `-T`.',
    fr: 'Enlevez `-t` ; avec docker-compose, ajoutez `-T`.',
  },
  *check({ maintenance }) {
    for (const { tasks } of maintenance.documents)
      for (const { commands } of tasks)
        for (const { wrappers } of commands)
          for (const { terminal, program } of wrappers) {
            const [word] = terminal
            if (word === undefined || !REFUSE.has(program)) continue
            const asked = word.text.startsWith('-')
            yield {
              place: word.place,
              message: asked
                ? {
                    en: `\`${word.text}\` asks for a terminal, and a schedule has none.`,
                    fr: `\`${word.text}\` demande un terminal, et une tâche programmée n’en a pas.`,
                  }
                : {
                    en: `\`docker-compose ${word.text}\` takes a terminal unless it is told \`-T\`.`,
                    fr: `\`docker-compose ${word.text}\` prend un terminal sauf avec \`-T\`.`,
                  },
              edits: asked ? terminal.flatMap(withoutTerminal) : insertAfter(word, ' -T'),
            }
          }
  },
}

function withoutTerminal(word: Word): readonly Edit[] {
  const left = word.text.replace(/^(-[a-z]*)t([a-z]*)$/, '$1$2')
  if (word.text.startsWith('--') || left === '-') return withoutWord(word)
  return word.exact ? [{ kind: 'replace', place: word.place, text: left }] : []
}
