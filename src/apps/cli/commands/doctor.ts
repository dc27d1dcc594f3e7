import type { Check } from '../../../core/doctor/check.ts'
import { examine } from '../../../core/doctor/examine.ts'
import type { Config } from '../../../config/config.ts'
import type { Command } from '../command.ts'
import { describeChecks } from '../render/doctor-text.ts'

/** Opens everything and says what is wrong with it. Changes nothing. */
export const doctor: Command = {
  name: 'doctor',
  description:
    'Connects to the database, to storage and to Redis; names the Mastodon version; checks rights, clocks, retention ' +
    'settings and whether Mastodon’s own vacuum keeps up, whether storage holds what the database names, and how long ' +
    'Sidekiq’s queues are. Every problem comes with what to do. Writes nothing.',
  examples: [
    { line: 'cornac doctor', meaning: 'before anything else' },
    { line: 'cornac doctor --quiet', meaning: 'from cron: says something only if something is wrong' },
    { line: 'cornac doctor --json', meaning: 'for a monitoring system' },
  ],
  exitCodes: ['findings'],
  async run(context) {
    const config = await context.config()
    const report = await examine(await context.instance(), [aboutSettings(config)], {
      signal: context.signal,
    })
    await context.out({
      data: { ...report },
      text: (paint, columns) => describeChecks(report.checks, report.healthy, paint, columns),
      needsPerson: !report.healthy,
    })
    return report.healthy ? 'done' : 'findings'
  },
}

function aboutSettings({ sources, instance }: Config): Check {
  return {
    about: 'settings',
    state: 'good',
    says: `${instance.localDomain}, from ${sources.envFile ?? 'the environment'}${sources.configFile === null ? '' : ` and ${sources.configFile}`}`,
    remedy: null,
  }
}
