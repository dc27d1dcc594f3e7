/** Files whose time in quarantine is over, removed for good. */
import { quarantineFolder } from '../model/own-keys.ts'
import type { CallOptions } from '../ports/storage.ts'
import type { ApplyPorts, UnderLease } from './apply-ports.ts'
import { removeKeys } from './take-away.ts'

export interface QuarantinesEmptied {
  /** Files removed for good. */
  readonly files: number
  /** Files that storage would not remove: the next run tries again. */
  readonly refused: number
  /** What the store said of the first of them; null if there are none. */
  readonly because: string | null
}

/**
 * @param mayGoOn asked before each page; what is left then is for the next run
 * @throws KnownError if storage stops working, or the lease is lost
 */
export async function emptyQuarantines(
  ports: Pick<ApplyPorts, 'objects' | 'state' | 'clock'>,
  work: UnderLease,
  instance: string,
  options: CallOptions,
  mayGoOn: () => boolean = () => true,
): Promise<QuarantinesEmptied> {
  let [files, refused] = [0, 0]
  let because: string | null = null
  for (const run of await ports.state.runs.quarantinesOver(instance, ports.clock.now(), options)) {
    if (run.quarantine === null) continue
    const folder = quarantineFolder(run.quarantine)
    // `0` comes right after the slash in byte order: everything in the folder, and nothing else.
    const range = { after: folder, through: `${folder.slice(0, -1)}0` }
    const refusedBefore = refused
    for await (const page of ports.objects.list(range, options)) {
      const keys = page.flatMap((entry) =>
        'key' in entry && entry.key.startsWith(folder) ? [entry.key] : [],
      )
      if (keys.length < page.length) {
        refused += page.length - keys.length
        because ??= 'some of it cannot be read'
      }
      if (!mayGoOn()) return { files, refused, because }
      await work.lease.check()
      const taken = await removeKeys(ports, work, keys)
      files += taken.gone.length
      refused += taken.refused.length
      because ??= taken.because
    }
    if (refused === refusedBefore) await ports.state.runs.quarantineEmptied(run.id, work.lease)
  }
  return { files, refused, because }
}
