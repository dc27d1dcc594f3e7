/** Our own tables: are they there, who is at work, what is half done, and which origins say no? */
import type { OwnState } from '../ports/state.ts'
import type { CallOptions } from '../ports/storage.ts'
import type { Check } from './check.ts'

export async function aboutMemory(state: OwnState, nowMs: number, options: CallOptions): Promise<Check[]> {
  const { applied, known } = await state.version(options)
  if (applied === 0)
    return [
      note(
        'Cornac remembers nothing yet: the schema cornac does not exist',
        'whatever has to remember something first makes it, or cornac setup',
      ),
    ]
  if (applied > known)
    return [
      {
        about: 'memory',
        state: 'bad',
        says: `the schema cornac was made by a newer Cornac (its step ${applied}; this one knows ${known})`,
        remedy: 'update Cornac; whatever has to write to it refuses',
      },
    ]
  if (applied < known)
    return [
      note(
        `the schema cornac lacks ${known - applied} of its steps`,
        'whatever writes to it next brings it up to date, or cornac setup',
      ),
    ]
  const records = (await state.ledger.counts(options)).reduce((sum, count) => sum + count.records, 0)
  const hosts = await state.ledger.hosts(options)
  const resting = hosts.filter(({ restsUntilMs }) => restsUntilMs !== null && restsUntilMs > nowMs).length
  const holders = await state.leases.holders(options)
  return [
    {
      about: 'memory',
      state: 'good',
      says: `${state.description}: ${records} records and ${resting} hosts are not asked again before their time`,
      remedy: null,
    },
    ...holders.map(({ holder }): Check => note(`${holder}, is at work`, null)),
  ]
}

function note(says: string, remedy: string | null): Check {
  return { about: 'memory', state: 'note', says, remedy }
}
