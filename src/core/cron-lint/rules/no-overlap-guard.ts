import type { Task } from '../../model/scheduled.ts'
import { callsOf, HEAVY, insertBefore } from '../judge.ts'
import { linesBetween } from '../lines-between.ts'
import type { Call, Edit, Rule } from '../rule.ts'

const DAY = 24 * 60

export const noOverlapGuard: Rule = {
  code: 'no-overlap-guard',
  severity: 'warning',
  title: { en: 'nothing keeps a second run away', fr: 'rien n’empêche un second passage' },
  harm: {
    en: 'A run that takes longer than the pause between two of them is joined by the next one, and the next, until the machine stands still.',
    fr: 'Un passage plus long que l’intervalle est rejoint par le suivant, puis un autre, jusqu’à ce que la machine n’avance plus.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/base.rb; CronJob, concurrencyPolicy',
    says: {
      en: 'No command of tootctl takes a lock; first runs over years of media are known to take days and weeks. A CronJob allows concurrent runs unless told otherwise.',
      fr: 'Aucune commande de tootctl ne pose de verrou ; un premier passage sur des années de médias prend des jours ou des semaines. Un CronJob permet les passages simultanés sauf avis contraire.',
    },
  },
  fix: {
    en: 'Put `flock -n FILE` before the command; in Kubernetes, say `concurrencyPolicy: Forbid`.',
    fr: 'Mettez `flock -n FICHIER` devant la commande ; dans Kubernetes, dites `concurrencyPolicy: Forbid`.',
  },
  *check(subject) {
    const seen = new Set<Task>()
    for (const call of callsOf(subject, ...HEAVY)) {
      const { task, command } = call
      if (task.neverTwice || command.guarded || task.schedule === null || seen.has(task)) continue
      // weekly and rarer lines of a crontab have time enough; a pod that hangs has not
      const often = task.schedule.everyMinutes !== null && task.schedule.everyMinutes <= DAY
      if (!often && task.kind !== 'kubernetes' && task.kind !== 'helm') continue
      seen.add(task)
      const kubernetes = task.kind === 'kubernetes' || task.kind === 'helm'
      yield {
        place: kubernetes ? task.schedule.place : command.place,
        message: kubernetes
          ? {
              en: 'This CronJob starts a second run beside one that still works.',
              fr: 'Ce CronJob démarre un second passage à côté d’un premier encore au travail.',
            }
          : {
              en: 'Nothing keeps a second run away from one that still works.',
              fr: 'Rien n’empêche un second passage pendant qu’un premier travaille encore.',
            },
        edits: kubernetes ? forbid(call) : locked(call),
      }
    }
  },
}

function locked({ task, command, tootctl }: Call): readonly Edit[] {
  if (task.kind !== 'crontab' || command.inScript) return []
  const first = command.wrappers.find(({ words }) => words[0]?.exact === true)?.words[0] ?? tootctl.program
  return insertBefore(first, `flock -n /tmp/${tootctl.name.replaceAll(/\W+/g, '-')}.lock `)
}

/** A line of its own behind the schedule. */
function forbid({ task, document }: Call): readonly Edit[] {
  const place = task.schedule?.place
  if (place === undefined || task.kind !== 'kubernetes' || task.policy === null) return []
  if (task.policy.line !== place.line) return [{ kind: 'replace', place: task.policy, text: 'Forbid' }]
  const line = linesBetween(document, place.line, place.line)
  const indent = /^\s*/.exec(line)?.[0] ?? ''
  const end = line.trimEnd().length + 1
  const at = { file: place.file, line: place.line, endLine: place.line, column: end, endColumn: end }
  return [{ kind: 'replace', place: at, text: `\n${indent}concurrencyPolicy: Forbid` }]
}
