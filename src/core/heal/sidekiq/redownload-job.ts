/** Which of Mastodon's workers brings a record's file back (docs/mastodon.md#redownload-workers). */
import type { MediaRecord } from '../../model/record.ts'
import type { RedownloadJob } from '../../ports/vitals.ts'

/** Null for kinds that no worker fetches again: emoji come with their posts, cards with their pages. */
export function redownloadJobFor({ kind, id }: Pick<MediaRecord, 'kind' | 'id'>): RedownloadJob | null {
  switch (kind) {
    case 'avatar':
      return { worker: 'RedownloadAvatarWorker', id }
    case 'header':
      return { worker: 'RedownloadHeaderWorker', id }
    case 'attachment':
    case 'thumbnail':
      // One job fetches both files of the row.
      return { worker: 'RedownloadMediaWorker', id }
    case 'emoji':
    case 'card':
    case 'site-upload':
    case 'backup':
      return null
  }
}

/** The workers of avatars and headers do nothing for a row that names a file (docs/mastodon.md#redownload-workers). */
export function mustBeClearedFirst({ kind, fileName }: MediaRecord): boolean {
  return (kind === 'avatar' || kind === 'header') && fileName !== null
}

/** The same for jobs that do the same. */
export function jobName({ worker, id }: RedownloadJob): string {
  return `${worker} ${id}`
}
