/** One broken record mended by the gentlest means that fits: from its own original, on view, or from its origin. */
import type { HealOutcome } from '../../model/heal-outcome.ts'
import type { CallOptions } from '../../ports/storage.ts'
import type { AttachmentCare, Broken } from '../find/assess-target.ts'
import { clearName } from './clear-name.ts'
import { deriveVariant, isDerivable } from './derive-variant.ts'
import { findPicture } from './find-picture.ts'
import type { MendPorts, MendRun } from './mend-ports.ts'
import { placeFile } from './place-file.ts'
import type { Failure } from '../memory/record-book.ts'

export interface Mended {
  readonly outcome: HealOutcome
  /** For the ledger; null unless the origin was asked and said no. */
  readonly failure: Failure | null
}

/** @throws KnownError if storage or database stop working; the signal's reason if aborted before the first write */
export async function mend(
  ports: MendPorts,
  run: MendRun,
  care: AttachmentCare,
  broken: Broken,
  options: CallOptions,
): Promise<Mended> {
  if (isDerivable(broken)) {
    const derived = await deriveVariant(ports, run, broken, options)
    if (derived !== null) return settled(derived)
  }
  if (isAttachment(broken) && (care === 'on-view' || !isMadeHere(ports, broken)))
    return settled(await leaveToMastodon(ports, run, broken))
  const found = await findPicture(ports, run, broken.target, options)
  if (found.kind === 'needs-mastodon') return settled(await leaveToMastodon(ports, run, broken))
  const { damage } = broken
  if (found.kind === 'failed') {
    const { reason, detail } = found.failure
    return { outcome: { kind: 'failed', damage, reason, detail }, failure: found.failure }
  }
  options.signal?.throwIfAborted()
  const { record } = broken.target
  // A card's row has no place for the address of its image.
  const newUrl = record.kind === 'card' || found.url === record.remoteUrl ? null : found.url
  const placed = await placeFile(ports, run, broken, found.made, newUrl)
  return settled(placed.kind === 'healed' ? { ...placed, from: found.from } : placed)
}

function isAttachment({ target }: Broken): boolean {
  return target.record.kind === 'attachment' || target.record.kind === 'thumbnail'
}

/** Videos and sounds are Mastodon's to convert; where thumbnails lie before 4.6, only it may write (docs/mastodon.md#roots). */
function isMadeHere({ database }: MendPorts, { target }: Broken): boolean {
  const { kind, contentType } = target.record
  if (kind === 'thumbnail') return database.schema.has.thumbnailStorageVersion
  return target.mediaType === 'image' && (contentType === null || contentType.startsWith('image/'))
}

/** A lost original is cleared, since the media proxy fetches only what names nothing; one that is there is never given up. */
async function leaveToMastodon(ports: MendPorts, run: MendRun, broken: Broken): Promise<HealOutcome> {
  const { damage, lost } = broken
  if (damage === 'missing' && (lost === 'all' || lost.includes('original')))
    return clearName(ports, run, broken)
  return { kind: 'skipped', reason: 'needs-mastodon', damage }
}

function settled(outcome: HealOutcome): Mended {
  return { outcome, failure: null }
}
