/** Files whose time in quarantine is over, removed for good. */
import { quarantineFolder } from '../model/own-keys.ts'
import type { CallOptions } from '../ports/storage.ts'
import type { ApplyPorts, UnderLease } from './apply-ports.ts'
import { removeKeys } from './take-away.ts'

/** Gives how many files. A quarantine of which storage refuses some is tried again by the next run. */
export async function emptyQuarantines(
  ports: Pick<ApplyPorts, 'objects' | 'state' | 'clock'>,
  work: UnderLease,
  instance: string,
  options: CallOptions,
): Promise<number> {
  let files = 0
  for (const run of await ports.state.runs.quarantinesOver(instance, ports.clock.now(), options)) {
    if (run.quarantine === null) continue
    const folder = quarantineFolder(run.quarantine)
    // `0` comes right after the slash in byte order: everything in the folder, and nothing else.
    const range = { after: folder, through: `${folder.slice(0, -1)}0` }
    let refused = 0
    for await (const page of ports.objects.list(range, options)) {
      const keys = page.flatMap((entry) =>
        'key' in entry && entry.key.startsWith(folder) ? [entry.key] : [],
      )
      if (keys.length < page.length) refused++
      await work.lease.check()
      const taken = await removeKeys(ports, work, keys)
      files += taken.gone.length
      refused += taken.refused.length
    }
    if (refused === 0) await ports.state.runs.quarantineEmptied(run.id, work.lease)
  }
  return files
}
