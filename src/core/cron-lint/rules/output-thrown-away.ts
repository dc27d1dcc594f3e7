import { callsOf, HEAVY, oncePerFile } from '../judge.ts'
import type { Edit, Judgement, Rule, Subject } from '../rule.ts'

const LOG = '"$HOME/mastodon-maintenance.log"'

export const outputThrownAway: Rule = {
  code: 'output-thrown-away',
  severity: 'warning',
  title: { en: 'nobody hears of errors', fr: 'personne n’entend parler des erreurs' },
  harm: {
    en: 'The job can fail for months without anybody knowing, until the disk is full.',
    fr: 'La tâche peut échouer pendant des mois à l’insu de tous, jusqu’à ce que le disque soit plein.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/progress_helper.rb',
    says: {
      en: 'tootctl ends with 0 even if every record failed; what it writes is the only sign.',
      fr: 'tootctl finit avec 0 même si chaque ligne a échoué ; ce qu’il écrit est le seul signe.',
    },
  },
  fix: {
    en: 'Write it to a file or to the journal, or let cron mail it.',
    fr: 'Écrivez-le dans un fichier ou dans le journal, ou laissez cron l’envoyer.',
  },
  check: (subject) => oncePerFile(judgements(subject)),
}

function* judgements(subject: Subject): Iterable<Judgement> {
  for (const { command, task } of callsOf(subject, ...HEAVY, 'emoji purge', 'domains purge', 'cache clear')) {
    const [place] = command.losses
    if (command.errors === 'lost' && place !== undefined)
      yield {
        place,
        message: { en: 'What goes wrong here is thrown away.', fr: 'Ce qui échoue ici est jeté.' },
        edits: kept(place, task.kind === 'timer'),
      }
    else if (task.mailTo?.text === '' && command.errors === 'seen' && task.kind === 'crontab')
      yield {
        place: task.mailTo.place,
        message: {
          en: '`MAILTO=""` tells cron to mail to nobody, and the line writes to no file.',
          fr: '`MAILTO=""` dit à cron de n’écrire à personne, et la ligne n’écrit dans aucun fichier.',
        },
      }
  }
}

/** In the place of the first redirection that loses something; a `2>&1` behind it goes the same way. */
function kept(place: Judgement['place'], unit: boolean): readonly Edit[] {
  if (unit) return [{ kind: 'replace', place, text: 'journal' }]
  return place.line === place.endLine ? [{ kind: 'replace', place, text: `>>${LOG} 2>&1` }] : []
}
