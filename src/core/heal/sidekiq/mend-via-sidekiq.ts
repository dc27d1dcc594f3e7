/** One broken record handed to Mastodon's own worker, with what it may leave behind written down before. */
import type { CallOptions } from '../../ports/storage.ts'
import type { Broken } from '../find/assess-target.ts'
import type { MendPorts, MendRun } from '../mend/mend-ports.ts'
import type { Mended } from '../mend/mend.ts'
import { hostOf } from '../mend/try-address.ts'
import type { SidekiqDriver } from './via-sidekiq.ts'

/**
 * The old file's objects stand in the journal before its row is cleared: whoever dies in between leaves nothing unknown.
 * @throws KnownError if Sidekiq, storage or database stop working; the signal's reason if aborted before a worker began
 */
export async function mendViaSidekiq(
  ports: MendPorts,
  sidekiq: SidekiqDriver,
  run: MendRun,
  { target, damage, left }: Broken,
  options: CallOptions,
): Promise<Mended> {
  const { record } = target
  const number =
    left.length === 0
      ? null
      : await ports.journal.open(
          { kind: record.kind, id: record.id, fileName: null, writes: [], leftovers: left },
          run.lease,
        )
  let refused = 0
  const outcome = await sidekiq.heal(target, damage, left, run.lease.fence, {
    ...options,
    leftBehind: (count) => {
      refused += count
      run.leftBehind(count)
    },
  })
  if (outcome.kind === 'changed') await run.lease.check()
  if (number !== null && refused === 0) await ports.journal.close(number)
  if (outcome.kind !== 'failed' || outcome.reason === 'worker-pending') return { outcome, failure: null }
  const { reason, detail } = outcome
  return { outcome, failure: { reason, detail, host: hostOf(record.remoteUrl), retryAfterMs: null } }
}
