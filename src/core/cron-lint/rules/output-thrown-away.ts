import type { ScheduledCommand, ScheduleDocument } from '../../model/scheduled.ts'
import { callsOf, HEAVY, oncePerFile } from '../judge.ts'
import { linesBetween } from '../lines-between.ts'
import type { Edit, Judgement, Rule, Subject } from '../rule.ts'

/** Without quotes: a shell does not split it there, and it may stand within quotes of either kind. */
const LOG = '$HOME/mastodon-maintenance.log'

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
  const documents = new Map(subject.maintenance.documents.map((document) => [document.path, document]))
  for (const { command, task } of callsOf(subject, ...HEAVY, 'emoji purge', 'domains purge', 'cache clear')) {
    const [place] = command.losses
    if (command.errors === 'lost' && place !== undefined)
      yield {
        place,
        message: { en: 'What goes wrong here is thrown away.', fr: 'Ce qui échoue ici est jeté.' },
        edits: kept(command, (file) => documents.get(file)),
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

/** All redirections that lose something, in the place of the first; what goes to a file already stays there. */
function kept(
  { losses, output }: ScheduledCommand,
  documentOf: (file: string) => ScheduleDocument | undefined,
): readonly Edit[] {
  const edits: Edit[] = []
  let logged = false
  for (const place of losses) {
    const document = documentOf(place.file)
    if (document === undefined || place.line !== place.endLine) continue
    const line = linesBetween(document, place.line, place.line)
    const text = line.slice(place.column - 1, place.endColumn - 1)
    if (!text.includes('>')) edits.push({ kind: 'replace', place, text: 'journal' })
    else if (!logged)
      edits.push({ kind: 'replace', place, text: output === 'lost' ? `>>${LOG} 2>&1` : `2>>${LOG}` })
    else {
      const blanks = /[ \t]*$/.exec(line.slice(0, place.column - 1))?.[0].length ?? 0
      edits.push({ kind: 'replace', place: { ...place, column: place.column - blanks }, text: '' })
    }
    logged ||= text.includes('>')
  }
  return edits
}
