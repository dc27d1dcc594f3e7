/** Counts and removes what a listing of objects does not show: unfinished uploads and old versions. */
import type { BucketLeftovers } from '../../../core/ports/storage.ts'
import type { S3Connection } from './connection.ts'
import { listUploads } from './list-uploads.ts'
import { listVersions } from './list-versions.ts'
import type { Pause } from './patience.ts'
import { createSinglyAsker } from './ask-singly.ts'
import { removeUpload } from './remove-singly.ts'
import { createRemover, type S3Remover } from './remove.ts'

/** Uploads between two looks at who was refused; there is no bulk request for them. */
const UPLOADS_AT_ONCE = 1000

/** Versions are removed as objects are: by `removeVersions`, in bulk where the store can. */
export function openLeftovers(
  connection: S3Connection,
  pageEntries: number,
  pause: Pause,
  removeVersions: S3Remover,
): BucketLeftovers {
  const ask = createSinglyAsker((target, signal) => removeUpload(connection, target, signal), pause)
  const removeUploads = createRemover(connection, { size: () => UPLOADS_AT_ONCE, ask }, pause)
  return {
    unfinishedUploads: (options = {}) => listUploads(connection, pageEntries, options),
    oldVersions: (range, options = {}) => listVersions(connection, pageEntries, range, options),
    async removeUploads(uploads, options = {}) {
      const targets = uploads.map(({ key, uploadId }) => ({ key, id: uploadId }))
      const outcomes = await removeUploads(targets, options)
      return uploads.map(({ key, uploadId }, at) => ({ key, uploadId, ...outcomes[at]! }))
    },
    async removeVersions(versions, options = {}) {
      const targets = versions.map(({ key, versionId }) => ({ key, id: versionId }))
      const outcomes = await removeVersions(targets, options)
      return versions.map(({ key, versionId }, at) => ({ key, versionId, ...outcomes[at]! }))
    },
  }
}
