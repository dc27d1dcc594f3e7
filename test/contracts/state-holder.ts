/**
 * A process that holds a lease and has work half done: for tests that stop or kill it. Says on stdout, one JSON object a
 * line, what becomes of it. Told by its first argument what to do.
 */
import { connectDatabase, type DatabaseSettings } from '../../src/adapters/postgres/connect.ts'
import { openState } from '../../src/adapters/state/open-state.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { processIdentity } from '../../src/adapters/system/process-identity.ts'
import type { BatchContent, Run } from '../../src/core/model/run.ts'
import type { RunJournal } from '../../src/core/ports/plans.ts'
import type { HealIntent } from '../../src/core/ports/state.ts'

export interface HolderTask {
  readonly settings: DatabaseSettings
  readonly lease: string
  readonly leaseTermMs?: number | undefined
  readonly intents: readonly HealIntent[]
  /** A run to be begun, with a batch that stays open. */
  readonly run?: { readonly start: RunStart; readonly content: BatchContent } | undefined
}

export type RunStart = Pick<Run, keyof Parameters<RunJournal['begin']>[0]>

export type HolderSays =
  | { readonly says: 'at work'; readonly token: string; readonly numbers: readonly string[] }
  | { readonly says: 'lost'; readonly code: string }

function say(what: HolderSays): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

const { settings, lease: name, leaseTermMs, intents, run } = JSON.parse(process.argv[2] ?? '') as HolderTask
const state = openState(await connectDatabase(settings), {
  sameDatabase: true,
  description: 'a test',
  clock: systemClock,
  processes: processIdentity,
  leaseTermMs,
})
const lease = await state.leases.take(name, 'a test')
const numbers = await Promise.all(intents.map((intent) => state.journal.open(intent, lease)))
if (run !== undefined) {
  await state.runs.begin(run.start, lease)
  await state.runs.openBatch(run.start.id, run.content, lease)
}
say({ says: 'at work', token: lease.token, numbers })
await new Promise((resolve) => lease.signal.addEventListener('abort', resolve))
say({ says: 'lost', code: (lease.signal.reason as { code: string }).code })
await state.close()
