/**
 * The mark by which storage and our tables know each other (docs/apply.md#guards). It lies in storage as an object of its own,
 * and in our tables; if one of them is another than it was, the two are not what the last run worked on.
 */
import { KnownError } from '../errors.ts'
import type { CanaryLook } from '../model/canary.ts'
import { CANARY_KEY } from '../model/own-keys.ts'
import { CANARY_PRESENT_SHARE, CANARY_SAMPLE } from '../plan/safety.ts'
import type { CanaryStore } from '../ports/plans.ts'
import type { RecordSource } from '../ports/records.ts'
import type { Clock } from '../ports/runtime.ts'
import type { CallOptions, ObjectLister, ObjectReader, ObjectWriter } from '../ports/storage.ts'
import { sampleNamed } from './sample-named.ts'

export interface CanaryPorts {
  readonly objects: Pick<ObjectReader, 'read'> & ObjectLister
  readonly state: { readonly canaries: CanaryStore }
}

/** Before a mark that is being laid: whoever dies over it leaves one that the next run may lay again. */
const LAYING = 'laying '

/** Changes nothing. @throws KnownError if storage or our tables do not answer */
export async function lookAtCanary(
  { objects, state }: CanaryPorts,
  instance: string,
  options: CallOptions,
): Promise<CanaryLook> {
  const ours = await state.canaries.mark(instance, options)
  const stored = await storedMark(objects, options)
  if (ours === null) return { mark: null, state: stored === null ? 'new' : 'ours-lost' }
  if (ours.startsWith(LAYING)) {
    const mark = ours.slice(LAYING.length)
    return { mark, state: stored === null || stored === mark ? 'new' : 'foreign' }
  }
  if (stored === null) return { mark: ours, state: 'storage-lost-it' }
  return { mark: ours, state: stored === ours ? 'matches' : 'foreign' }
}

/** Trimmed: a person may have written it. */
async function storedMark(objects: CanaryPorts['objects'], options: CallOptions): Promise<string | null> {
  const bytes = await readIfThere(objects, options)
  return bytes === null ? null : new TextDecoder().decode(bytes).trim()
}

/** Some stores answer 403 for what is not there (docs/mastodon.md#s3-objects): then a listing tells. */
async function readIfThere(
  objects: CanaryPorts['objects'],
  options: CallOptions,
): Promise<Uint8Array | null> {
  try {
    return await objects.read(CANARY_KEY, options)
  } catch (error) {
    if (!(error instanceof KnownError) || error.code !== 'storage-refused') throw error
    const range = { after: CANARY_KEY.slice(0, -1), through: CANARY_KEY }
    for await (const page of objects.list(range, options)) if (page.length > 0) throw error
    return null
  }
}

export interface LayCanaryPorts extends CanaryPorts {
  readonly objects: CanaryPorts['objects'] & Pick<ObjectReader, 'stat'> & Pick<ObjectWriter, 'write'>
  readonly state: { readonly canaries: CanaryStore }
  readonly database: Pick<RecordSource, 'records'>
  readonly clock: Clock
  /** Hexadecimal digits by chance. */
  readonly newName: () => string
}

/**
 * Lays the first mark, where `lookAtCanary` says `new`: once some of what the database names has been found in storage. Our
 * tables learn of it before and after the object is there, so that a death between leaves nothing that a person has to mend.
 * @throws KnownError `storage-mismatch`, `canary-not-kept`
 */
export async function layCanary(
  ports: LayCanaryPorts,
  instance: string,
  options: CallOptions,
): Promise<void> {
  const { objects, state, newName } = ports
  await refuseStranger(ports, options)
  const mark = newName() + newName()
  await state.canaries.lay(instance, LAYING + mark, options)
  await objects.write(CANARY_KEY, new TextEncoder().encode(mark), 'text/plain', options)
  if ((await storedMark(objects, options)) !== mark)
    throw new KnownError({
      code: 'canary-not-kept',
      what: `storage took the file ${CANARY_KEY} and gives back another, or none`,
      remedy: 'Check what stands between Cornac and storage, remove the file if there is one, and try again',
    })
  await state.canaries.lay(instance, mark, options)
}

async function refuseStranger(ports: LayCanaryPorts, options: CallOptions): Promise<void> {
  const keys = await sampleNamed(ports, CANARY_SAMPLE, options)
  const looks = await Promise.all(keys.map((key) => ports.objects.stat(key, options)))
  const present = looks.filter(({ state }) => state === 'present').length
  if (keys.length > 0 && present >= keys.length * CANARY_PRESENT_SHARE) return
  throw new KnownError({
    code: 'storage-mismatch',
    what:
      keys.length === 0
        ? 'the database names no remote file, so nothing tells whether this storage belongs to it'
        : `storage holds ${present} of ${keys.length} files that the database names, so the two may not belong together`,
    remedy:
      'Check which storage and database the settings name; cornac scan tells what is missing, and cornac heal brings it back',
  })
}
