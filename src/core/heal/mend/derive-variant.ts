/** A lost `static` or `small` made anew from the original that is still in storage: nobody has to be asked. */
import type { HealOutcome } from '../../model/heal-outcome.ts'
import { claimedKeys } from '../../model/storage-key.ts'
import type { CallOptions } from '../../ports/storage.ts'
import type { Broken } from '../find/assess-target.ts'
import type { MendPorts, MendRun } from './mend-ports.ts'
import { madeKind, recipeOf } from './recipes.ts'
import { removeObjects } from './remove-objects.ts'

/** Whether everything lost can be derived from what is left. */
export function isDerivable({ target, lost }: Broken): boolean {
  const { kind, contentType } = target.record
  if (lost === 'all' || lost.includes('original')) return false
  return kind !== 'attachment' || contentType?.startsWith('image/') === true
}

/** Null if the original is no use: then the picture has to come from its origin. */
export async function deriveVariant(
  ports: MendPorts,
  run: MendRun,
  broken: Broken,
  options: CallOptions,
): Promise<HealOutcome | null> {
  const { record } = broken.target
  const claims = claimedKeys(record)
  const originalKey = claims.find(({ style }) => style === 'original')?.key
  const original = originalKey === undefined ? null : await ports.objects.read(originalKey, options)
  if (original === null || original.length === 0) return null
  const recipe = recipeOf(madeKind(record.kind), run.version, run.useLibvips)
  const lost = claims.filter(({ style }) => broken.lost.includes(style))
  const files = []
  for (const { key, style } of lost) {
    const derived = await ports.images.derive(
      original,
      style === 'small' ? 'small' : 'static',
      recipe,
      options,
    )
    if (derived.kind !== 'derived') return null
    files.push({ key, ...derived.file })
  }
  options.signal?.throwIfAborted()
  const writes = files.map(({ key }) => key)
  const number = await ports.journal.open(
    { kind: record.kind, id: record.id, fileName: record.fileName, writes, leftovers: [] },
    run.lease,
  )
  const withdraw = ports.objects.vouchFor(writes)
  try {
    for (const { key, bytes, contentType } of files) await ports.objects.write(key, bytes, contentType)
  } finally {
    withdraw()
  }
  const [now] = await ports.database.targetsById(record.kind, [record.id])
  const stillNamed = now?.record.fileName === record.fileName
  const clean = stillNamed || (await removeObjects(ports, run, writes))
  if (clean) await ports.journal.close(number)
  if (!stillNamed) return { kind: 'changed', damage: broken.damage }
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0)
  return {
    kind: 'healed',
    damage: broken.damage,
    from: 'storage',
    bytes,
    verified: await areThere(ports, writes),
  }
}

async function areThere(ports: MendPorts, keys: readonly string[]): Promise<boolean> {
  for (const key of keys) if ((await ports.objects.stat(key)).state !== 'present') return false
  return true
}
