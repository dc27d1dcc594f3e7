import type { Command } from '../command.ts'
import { describeDemo, tellDemo } from '../render/demo-text.ts'

interface DemoOptions {
  readonly accounts?: number
}

const ACCOUNTS = 400

/** The lab with a story. Touches nothing outside a temporary folder. */
export const demo: Command<DemoOptions> = {
  name: 'demo',
  description:
    'Builds a small Mastodon on this machine (a real PostgreSQL, media on disk, a little fediverse on loopback), prunes its ' +
    'profiles the way cron jobs do, shows the damage, heals what a user follows and proves it. Needs no Mastodon, no ' +
    'configuration and no network; leaves nothing behind.',
  options: [
    {
      flags: '--accounts <count>',
      description: `remote accounts the little Mastodon knows (default: ${ACCOUNTS})`,
      read: (text) =>
        /^\d{2,6}$/.test(text) && Number(text) >= 50 && Number(text) <= 100_000 ? Number(text) : undefined,
      expects: 'a whole number from 50 to 100000',
    },
  ],
  examples: [
    { line: 'cornac demo', meaning: 'the story' },
    { line: 'cornac demo --json', meaning: 'its numbers' },
  ],
  exitCodes: [],
  async run(context) {
    const accounts = context.options.accounts ?? ACCOUNTS
    const result = await context.demo({
      accounts,
      followed: Math.min(120, Math.floor(accounts / 3)),
      tell: (event) => context.note(tellDemo(event)),
      progress: context.progress,
      signal: context.signal,
    })
    await context.out({ data: { ...result }, text: () => describeDemo(result), needsPerson: false })
    return 'done'
  },
}
