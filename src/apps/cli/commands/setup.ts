import type { Command } from '../command.ts'

/** Makes Cornac's own tables, or brings them up to date. */
export const setup: Command = {
  name: 'setup',
  description:
    'Makes the schema cornac with Cornac’s own tables (who works, what is half done, who said no), or brings it up to date. ' +
    'Heal does the same by itself before it begins; this is for those who want to see it done, or to do it as another ' +
    'database user. Touches no table of Mastodon’s. May be run as often as you like.',
  examples: [
    { line: 'cornac setup', meaning: 'in Mastodon’s database, as its user' },
    {
      line: 'CORNAC_STATE_DATABASE_URL=postgresql://cornac@db/cornac cornac setup',
      meaning: 'in a database of its own',
    },
  ],
  exitCodes: [],
  async run(context) {
    const state = await (await context.instance()).state()
    const before = await state.version(context)
    const applied = await state.setUp(context)
    const { applied: version } = await state.version(context)
    await context.out({
      data: {
        schema: state.description,
        created: before.applied === 0 && applied.length > 0,
        applied,
        version,
      },
      text: () => `${sentence(state.description, before.applied, applied)}\n`,
      needsPerson: false,
    })
    return 'done'
  },
}

function sentence(schema: string, before: number, applied: readonly string[]): string {
  if (applied.length === 0) return `Everything is up to date: ${schema}.`
  const files = applied.join(', ')
  return before === 0 ? `Made ${schema} (${files}).` : `Brought up to date: ${schema} (${files}).`
}
