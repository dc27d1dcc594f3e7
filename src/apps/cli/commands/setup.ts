import type { Command } from '../command.ts'
import { plural } from '../render/text.ts'

/** Makes Cornac's own tables, or brings them up to date. Changes nothing of Mastodon's. */
export const setup: Command = {
  name: 'setup',
  description:
    'Makes the tables in which Cornac remembers what it does (the schema cornac), or brings them up to date. Every verb does the ' +
    'same before it first writes; run it by hand where its database user may not make a schema. May be run any ' +
    'number of times, and by several at once. Touches no table of Mastodon.',
  examples: [
    { line: 'cornac setup', meaning: 'in Mastodon’s folder, as its user' },
    {
      line: 'CORNAC_STATE_DATABASE_URL=postgresql://cornac@db/cornac cornac setup',
      meaning: 'in a database of its own',
    },
  ],
  exitCodes: [],
  async run(context) {
    const instance = await context.instance()
    // A mistyped name of a database is noticed here, before anything is made in it.
    await instance.database()
    const state = await instance.state()
    const { signal } = context
    const before = await state.version({ signal })
    const applied = await state.setUp({ signal })
    const { applied: version } = await state.version({ signal })
    await context.out({
      data: { tables: state.description, applied, version },
      text: (paint) =>
        applied.length === 0
          ? `${paint.good('All is up to date')}: ${state.description} (step ${version}).\n`
          : `${before.applied === 0 ? 'Made' : 'Brought up to date'}: ${state.description}.\n` +
            `${plural(applied.length, 'step')} applied: ${applied.join(', ')}.\n`,
      needsPerson: false,
    })
    return 'done'
  },
}
