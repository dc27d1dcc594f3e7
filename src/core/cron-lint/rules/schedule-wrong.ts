import type { Rule } from '../rule.ts'

export const scheduleWrong: Rule = {
  code: 'schedule-wrong',
  severity: 'error',
  title: { en: 'a schedule that never comes', fr: 'un horaire qui ne vient jamais' },
  harm: {
    en: 'The job is never run, and nobody is told.',
    fr: 'La tâche ne tourne jamais, et personne n’en est averti.',
  },
  evidence: {
    versions: 'all',
    source: 'crontab(5), systemd.time(7)',
    says: {
      en: 'A field out of range is refused; a day that no month has is waited for in vain.',
      fr: 'Un champ hors limites est refusé ; un jour qu’aucun mois ne possède est attendu en vain.',
    },
  },
  fix: { en: 'Write a time that exists.', fr: 'Écrivez un horaire qui existe.' },
  *check({ calls }) {
    for (const { task } of calls) {
      const { schedule } = task
      if (schedule === null || schedule.mistake === null) continue
      yield {
        place: schedule.place,
        message:
          schedule.mistake === 'never'
            ? {
                en: `\`${schedule.text}\` is a day that never comes.`,
                fr: `\`${schedule.text}\` est un jour qui n’arrive jamais.`,
              }
            : {
                en: `\`${schedule.text}\` is no time that can be read.`,
                fr: `\`${schedule.text}\` n’est pas un horaire lisible.`,
              },
      }
    }
  },
}
