/** An attachment whose file is lost names nothing again, so that Mastodon fetches it on view (docs/mastodon.md#media-proxy). */
import type { HealOutcome } from '../../model/heal-outcome.ts'
import type { Broken } from '../find/assess-target.ts'
import { checkUnfenced } from '../../check-unfenced.ts'
import type { MendPorts, MendRun } from './mend-ports.ts'
import { removeObjects } from './remove-objects.ts'

/** Row first, then what is left of the file; dying in between leaves objects that the journal knows. */
export async function clearName(ports: MendPorts, run: MendRun, broken: Broken): Promise<HealOutcome> {
  const { target, damage, left } = broken
  const { record } = target
  const number = await ports.journal.open(
    { kind: record.kind, id: record.id, fileName: null, writes: [], leftovers: left },
    run.lease,
  )
  await checkUnfenced(run.lease)
  const cleared = await ports.database.clearFile(record, run.lease.fence)
  if (!cleared) {
    await run.lease.check()
    await ports.journal.close(number)
    return { kind: 'changed', damage }
  }
  if (await removeObjects(ports, run, left)) await ports.journal.close(number)
  return { kind: 'cleared', damage }
}
