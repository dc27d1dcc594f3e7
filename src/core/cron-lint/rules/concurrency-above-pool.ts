import { withValue } from '../judge.ts'
import type { Rule } from '../rule.ts'
import { numberOf, optionOf } from '../tootctl/read-call.ts'

/** What Sidekiq and Puma are given in Mastodon's own examples; more than this needs a reason. */
const USUAL_POOL = 25

export const concurrencyAbovePool: Rule = {
  code: 'concurrency-above-pool',
  severity: 'warning',
  title: {
    en: 'more threads than database connections',
    fr: 'plus de fils d’exécution que de connexions à la base',
  },
  harm: {
    en: 'Each thread holds a connection of its own, so that the site and Sidekiq find none left and answer with errors.',
    fr: 'Chaque fil tient une connexion, si bien que le site et Sidekiq n’en trouvent plus et répondent par des erreurs.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/progress_helper.rb',
    says: {
      en: 'A pool of `--concurrency` threads works on batches of 1000 records; the default is 5.',
      fr: '`--concurrency` fils travaillent sur des lots de 1000 lignes ; la valeur par défaut est 5.',
    },
  },
  fix: {
    en: 'Stay at or below DB_POOL; 5 is enough for most.',
    fr: 'Restez à DB_POOL ou en dessous ; 5 suffit souvent.',
  },
  *check(subject) {
    for (const { tootctl, command } of subject.calls) {
      const option = optionOf(tootctl, '--concurrency')
      const threads = numberOf(tootctl, '--concurrency')
      if (option === null || threads === null || tootctl.harmless) continue
      const said =
        command.environment['DB_POOL']?.text ??
        subject.setting('DB_POOL') ??
        command.environment['MAX_THREADS']?.text
      const pool = said !== undefined && /^\d+$/.test(said) ? Number(said) : USUAL_POOL
      if (threads <= pool) continue
      yield {
        place: (option.valueWord ?? option.word).place,
        message: {
          en: `${threads} threads, and a pool of ${pool} connections.`,
          fr: `${threads} fils, pour ${pool} connexions.`,
        },
        edits: withValue(option, '5'),
      }
    }
  },
}
