/** Objects of a remote record that no row names any more, away. */
import type { CallOptions } from '../../ports/storage.ts'
import type { MendPorts, MendRun } from './mend-ports.ts'

/** False if storage refused some: they are counted, and whoever wrote the intent leaves it open. */
export async function removeObjects(
  ports: Pick<MendPorts, 'objects'>,
  run: Pick<MendRun, 'leftBehind'>,
  keys: readonly string[],
  options?: CallOptions,
): Promise<boolean> {
  if (keys.length === 0) return true
  const withdraw = ports.objects.vouchFor(keys)
  try {
    const refused = (await ports.objects.remove(keys, options)).filter(({ removed }) => !removed)
    if (refused.length > 0) run.leftBehind(refused.length)
    return refused.length === 0
  } finally {
    withdraw()
  }
}

/** What killed writes left of objects that were never there, away; false if some of it stayed. */
export async function discardUnfinished(
  ports: Pick<MendPorts, 'objects'>,
  keys: readonly string[],
  options?: CallOptions,
): Promise<boolean> {
  if (keys.length === 0) return true
  const withdraw = ports.objects.vouchFor(keys)
  try {
    return (await ports.objects.discardUnfinished(keys, options)) === 0
  } finally {
    withdraw()
  }
}
