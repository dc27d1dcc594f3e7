/**
 * A made picture in place: journal, store, look, switch the row, take away what the old name left, verify.
 *
 * Until the row is switched nothing that was there has changed. From the intent on, an abort no longer interrupts: the
 * picture is finished, so that no half-done one stays behind. If the process dies, the journal names every object of it:
 * the next holder of the lease removes what no row names. If the row turns out to have changed, our own new objects are
 * removed at once.
 */
import { KnownError } from '../../errors.ts'
import type { HealedFrom, HealOutcome } from '../../model/heal-outcome.ts'
import type { MediaRecord } from '../../model/record.ts'
import { claimedKeys } from '../../model/storage-key.ts'
import type { ImageFile } from '../../ports/images.ts'
import type { Broken } from '../find/assess-target.ts'
import { checkUnfenced } from '../../check-unfenced.ts'
import { forgetEmoji } from './forget-emoji.ts'
import type { MendPorts, MendRun } from './mend-ports.ts'
import { removeObjects } from './remove-objects.ts'
import type { Made } from './try-address.ts'

type NamedRecord = MediaRecord & { readonly fileName: string }

/**
 * @param newUrl where it was found, if the row does not say so
 * @throws KnownError if storage or database stop working
 */
export async function placeFile(
  ports: MendPorts,
  run: MendRun,
  { target, damage, left }: Broken,
  made: Made,
  newUrl: string | null,
): Promise<HealOutcome> {
  const record = newRecord(target.record, `${ports.newName()}${made.extension}`, made)
  const writes = claimedKeys(record).map(({ key }) => key)
  const number = await ports.journal.open(
    { kind: record.kind, id: record.id, fileName: record.fileName, writes, leftovers: left },
    run.lease,
  )
  const takeBack = async (): Promise<void> => {
    if (await removeObjects(ports, run, writes)) await ports.journal.close(number)
  }
  let bytes: number
  try {
    bytes = await storeFiles(ports, record, made)
    if ((await look(ports, record)) === 'unknown') {
      await takeBack()
      return { kind: 'skipped', reason: 'storage-uncertain', damage }
    }
  } catch (error) {
    // The intent stays open if this fails too: the next run takes it back.
    await takeBack().catch(() => run.leftBehind(writes.length))
    throw error
  }
  await checkUnfenced(run.lease)
  const switched = await ports.database.nameFile(
    {
      seen: target.record,
      fileName: record.fileName,
      contentType: made.original.contentType,
      bytes: made.original.bytes.length,
      newUrl,
      blurhash: made.blurhash,
      meta: made.sizes.small === null ? null : { original: made.sizes.original, small: made.sizes.small },
    },
    run.lease.fence,
  )
  if (!switched) {
    await run.lease.check()
    await takeBack()
    return { kind: 'changed', damage }
  }
  await forgetEmoji(ports, target)
  const clean = await removeObjects(ports, run, left)
  const verified = await verify(ports, record)
  if (clean) await ports.journal.close(number)
  const from: HealedFrom = newUrl === null ? 'stored-url' : 'new-url'
  return { kind: 'healed', damage, from, bytes, verified }
}

function newRecord(old: MediaRecord, fileName: string, made: Made): NamedRecord {
  return {
    ...old,
    fileName,
    contentType: made.original.contentType,
    bytes: made.original.bytes.length,
    storageVersion: 1,
  }
}

async function storeFiles(ports: MendPorts, record: MediaRecord, made: Made): Promise<number> {
  let bytes = 0
  for (const { key, style } of claimedKeys(record)) {
    const file = fileOf(made, style)
    if (file === null) throw new Error(`no file was made for the ${style} variant of ${key}`)
    await ports.objects.write(key, file.bytes, file.contentType)
    bytes += file.bytes.length
  }
  return bytes
}

function fileOf(made: Made, style: string): ImageFile | null {
  if (style === 'original') return made.original
  return style === 'small' ? made.small : made.still
}

/**
 * Looks whether storage has what it accepted, before any row names it: a row must never name what is not there.
 * @throws KnownError if it has not
 */
async function look(ports: MendPorts, record: MediaRecord): Promise<'present' | 'unknown'> {
  for (const { key } of claimedKeys(record)) {
    const { state } = await ports.objects.stat(key)
    if (state === 'unknown') return 'unknown'
    if (state === 'absent') throw lostWrite(key)
  }
  return 'present'
}

/**
 * Healed means: the row names it and the named object is there. A row that has changed again since is somebody newer's.
 * @throws KnownError if the row names an object that vanished again
 */
async function verify(ports: MendPorts, record: NamedRecord): Promise<boolean> {
  for (const { key } of claimedKeys(record)) {
    const { state } = await ports.objects.stat(key)
    if (state === 'present') continue
    const [now] = await ports.database.targetsById(record.kind, [record.id])
    if (now?.record.fileName !== record.fileName) return true
    if (state === 'unknown') return false
    throw lostWrite(key)
  }
  return true
}

function lostWrite(key: string): KnownError {
  return new KnownError({
    code: 'storage-lost-write',
    what: `storage accepted ${key} but does not have it`,
    remedy: 'Nothing more was healed; check the storage’s health with cornac doctor, then run heal again',
  })
}
