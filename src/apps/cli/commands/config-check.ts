import type { Command } from '../command.ts'
import { describeConfig } from '../render/describe-config.ts'

/** Shows the effective configuration without secrets. Connects to nothing. */
export const configCheck: Command = {
  name: 'config check',
  description:
    'Shows what Cornac understood from Mastodon’s settings and its own: database, Redis, storage, domains. ' +
    'Passwords and keys are never shown. Connects to nothing and writes nothing.',
  examples: [
    { line: 'cornac config check', meaning: 'in Mastodon’s folder, as its user' },
    {
      line: 'cornac config check --env-file /srv/mastodon/.env.production',
      meaning: 'for another installation',
    },
    { line: 'cornac config check --json', meaning: 'for a script' },
  ],
  exitCodes: [],
  async run(context) {
    const config = await context.config()
    await context.out({
      data: { configuration: config },
      text: (paint) => describeConfig(config, paint),
      needsPerson: false,
    })
    return 'done'
  },
}
