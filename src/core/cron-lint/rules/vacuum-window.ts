import {
  atHour,
  callsOf,
  clock,
  isDryRun,
  timesOfDay,
  oncePerFile,
  VACUUM_FROM,
  VACUUM_TO,
} from '../judge.ts'
import type { Judgement, Rule, Subject } from '../rule.ts'

export const vacuumWindow: Rule = {
  code: 'vacuum-window',
  severity: 'warning',
  title: { en: 'in the hours of Mastodon’s own cleaning', fr: 'aux heures du ménage de Mastodon lui-même' },
  harm: {
    en: 'Both remove the same files and rows at the same time, and a clash ends Mastodon’s own cleaning for that night without a word.',
    fr: 'Les deux suppriment en même temps les mêmes fichiers et lignes, et un heurt arrête sans un mot le ménage de Mastodon pour la nuit.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'config/sidekiq.yml, app/workers/scheduler/vacuum_scheduler.rb',
    says: {
      en: 'The vacuum starts at a random minute from 3:00 to 5:59 of the server’s time, once, without a second try; in 4.3 and 4.4 one failing batch ends its operation.',
      fr: 'Le vacuum démarre à une minute au hasard entre 3 h 00 et 5 h 59, heure du serveur, une fois, sans second essai ; en 4.3 et 4.4, un lot qui échoue arrête l’opération.',
    },
  },
  fix: { en: 'Start it at 6:00 or later, or before 1:00.', fr: 'Démarrez-la à 6 h ou après, ou avant 1 h.' },
  check: (subject) => oncePerFile(judgements(subject)),
}

function* judgements(subject: Subject): Iterable<Judgement> {
  const seen = new Set<unknown>()
  for (const call of callsOf(
    subject,
    'media remove',
    'media remove-orphans',
    'preview_cards remove',
    'statuses remove',
  )) {
    const { task } = call
    const minute = timesOfDay(task).find((each) => each >= VACUUM_FROM && each < VACUUM_TO)
    if (minute === undefined || task.schedule === null || isDryRun(call) || seen.has(task)) continue
    seen.add(task)
    yield {
      place: task.schedule.place,
      message: {
        en: `${clock(minute)} is between 3:00 and 6:00, when Mastodon’s vacuum runs.`,
        fr: `${clock(minute)} est entre 3 h et 6 h, quand tourne le vacuum de Mastodon.`,
      },
      // by as much as the window is long: jobs that were apart stay apart
      edits: atHour(task, Math.floor((minute + VACUUM_TO - VACUUM_FROM) / 60)),
    }
  }
}
