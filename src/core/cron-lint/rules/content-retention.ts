import type { Rule } from '../rule.ts'

export const contentRetention: Rule = {
  code: 'content-retention',
  severity: 'error',
  title: {
    en: 'content retention used as if it were a cache',
    fr: 'la rétention des contenus prise pour un cache',
  },
  harm: {
    en: 'Posts of other servers are deleted for good, those that people here bookmarked, liked, boosted and answered included.',
    fr: 'Les messages d’autres serveurs sont supprimés pour de bon, y compris ceux qu’on a ici mis en signet, aimés, partagés ou commentés.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'app/lib/vacuum/statuses_vacuum.rb',
    says: {
      en: 'The vacuum deletes by age alone; unlike `statuses remove` it spares nothing that people here touched.',
      fr: 'Le vacuum supprime selon l’âge seul ; contrairement à `statuses remove`, il n’épargne rien de ce qu’on a touché ici.',
    },
  },
  fix: {
    en: 'Use the retention of media, and leave that of content empty.',
    fr: 'Utilisez la rétention des médias, et laissez vide celle des contenus.',
  },
  *check({ maintenance }) {
    for (const { tasks, settings } of maintenance.documents) {
      for (const { commands } of tasks)
        for (const { words } of commands)
          for (const { text, place } of words) {
            const [, value] = /content_cache_retention_period\W{0,6}(?:value)?\W{0,6}(\w+)?/.exec(text) ?? []
            if (!text.includes('content_cache_retention_period') || value === 'nil' || value === 'NULL')
              continue
            // asking for it is no harm
            if (!/content_cache_retention_period\s*[=,]|UPDATE|INSERT|\[.*\]\s*=/i.test(text)) continue
            yield {
              place,
              message: {
                en: 'This sets the retention of content.',
                fr: 'Ceci règle la rétention des contenus.',
              },
            }
          }
      for (const { name, place } of settings)
        if (/^content_cache_retention_period$/i.test(name))
          yield {
            place,
            message: {
              en: 'This sets the retention of content.',
              fr: 'Ceci règle la rétention des contenus.',
            },
          }
    }
  },
}
