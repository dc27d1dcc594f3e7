import type { MediaRecord } from './record.ts'

/** The two pictures an account row holds. */
export type PictureKind = 'avatar' | 'header'

/** An avatar or header as heal sees it: the record, and whose it is. */
export interface AccountPicture {
  readonly which: PictureKind
  readonly record: MediaRecord
  /** `user@domain` */
  readonly handle: string
  /** `updated_at` of the account, milliseconds since the epoch. */
  readonly accountUpdatedAtMs: number
}
