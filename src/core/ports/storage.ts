/**
 * What we ask of storage, split by right: a scan lists, a heal reads and writes, only `apply` and a heal's own
 * clean-up may remove. Keys never start with `/`; an adapter adds its own root or `S3_KEY_PREFIX`.
 */
import type { Listed } from '../model/object.ts'

/** A part of the key space: keys greater than `after` and not greater than `through`, in byte order. */
export interface KeyRange {
  /** Exclusive; '' starts at the first key. */
  readonly after: string
  /** Inclusive; null goes on to the last key. */
  readonly through: string | null
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface ObjectLister {
  /**
   * Every object in the range, in key order, in pages of at most about 1,000.
   *
   * A part that cannot be read appears as `UnlistedPrefix`; a listing that cannot begin or continue throws, so a
   * short answer never looks like a complete one. Directories and directory markers are not objects.
   */
  list(range: KeyRange, options?: CallOptions): AsyncIterable<readonly Listed[]>
}

/** What one look at one key says. `unknown` is everything that is neither yes nor no: 403, 5xx, time-outs. */
export type ObjectStat =
  | {
      readonly state: 'present'
      readonly bytes: number
      readonly modifiedAtMs: number
      readonly contentType: string | null
    }
  | { readonly state: 'absent' }
  | { readonly state: 'unknown'; readonly reason: string }

export interface ObjectReader {
  /** Never throws for an answer about the key; throws only if storage as a whole is out of reach. */
  stat(key: string, options?: CallOptions): Promise<ObjectStat>
  /** The object's bytes; null if it is absent. */
  read(key: string, options?: CallOptions): Promise<Uint8Array | null>
}

export interface ObjectWriter {
  /**
   * Stores the bytes whole or not at all, with the permissions, cache headers and storage class Mastodon would use.
   * On a file system a reader never sees a half-written file. An existing object is replaced.
   */
  write(key: string, bytes: Uint8Array, contentType: string, options?: CallOptions): Promise<void>
  /**
   * Takes away what writes of these keys left that were killed half-way; the keys themselves are not touched. Only for keys
   * that nobody is writing. Gives how much could not be taken away.
   */
  discardUnfinished(keys: readonly string[], options?: CallOptions): Promise<number>
}

/** What came of removing one key. Absent counts as removed: the wish is fulfilled. */
export type Removal =
  | { readonly key: string; readonly removed: true }
  | { readonly key: string; readonly removed: false; readonly reason: string }

export interface ObjectRemover {
  /**
   * One answer per key, in the order given; whatever the store did not say was removed is not. An abort leaves some keys
   * removed without an answer: asked again, they count as removed.
   */
  remove(keys: readonly string[], options?: CallOptions): Promise<readonly Removal[]>
}

export interface MovePair {
  readonly from: string
  readonly to: string
}

/**
 * What came of moving one object. `moved`: it is at `to`, and not at `from`. `absent`: it is at neither. `refused`: nobody
 * promises where it is but at one of them; moving again may end it.
 */
export type Moved = MovePair &
  (
    | { readonly state: 'moved' }
    | { readonly state: 'absent' }
    | { readonly state: 'refused'; readonly reason: string }
  )

/**
 * `private`: the web server cannot serve them. `to` is a key of Cornac's own; on a disk its first folder gets mode 0700 and
 * the files keep theirs, in a bucket they get a private ACL (none where `S3_PERMISSION` is empty). `as-stored`: as Mastodon
 * stores public media; on a disk a file that was closed to everybody but its owner (mode 0600) stays so, because Mastodon
 * closed it.
 */
export type MoveAccess = 'private' | 'as-stored'

export interface ObjectMover {
  /**
   * Gives objects other keys with all they have: bytes, content type, cache headers. One answer per pair, in the order given.
   *
   * The new object is there before the old one goes, so a death between leaves both, and moving again ends it: if both are
   * there, what is at `from` replaces what is at `to`; if only `to` is there, an earlier move was killed after the switch, and
   * the answer is `moved`. No key stands in two pairs of one call. An abort leaves some objects moved without an answer.
   *
   * Throws a KnownError only if storage as a whole is out of reach.
   */
  move(pairs: readonly MovePair[], access: MoveAccess, options?: CallOptions): Promise<readonly Moved[]>
}

/** What a store can and cannot do; core asks the trait, never the name of the provider. */
export interface StorageTraits {
  /** `file system /srv/media`, `S3 bucket media at https://…`: for people, without secrets. */
  readonly description: string
  /** Keys per removal call. */
  readonly removeBatch: number
  /** A listing tells modes, so `closed` objects can be found. */
  readonly tellsAccess: boolean
  /** Keys per listing request; null where a listing makes no requests. */
  readonly listPage: number | null
  /** Listing a range starts at its place without reading what lies before it. */
  readonly listsRanges: boolean
}

/** What is known of removing: asked of the store by reading only, when first needed. Null where it does not say. */
export interface RemovalTraits {
  /**
   * What is removed stays as an old version, takes space, and can be brought back. Null also where keeping versions is
   * suspended: then it depends on when the object was written.
   */
  readonly versioned: boolean | null
  /** Many keys in one request; null until the store has answered the first such request. */
  readonly bulkRemoval: boolean | null
}

/** A file that is being uploaded in parts, or never was to the end. Its parts take space; no listing of objects shows them. */
export interface UnfinishedUpload {
  readonly key: string
  readonly uploadId: string
  /** An upload that began a moment ago may be Mastodon's, under way. */
  readonly startedAtMs: number
}

/** What a bucket that keeps versions holds beside the objects of its listing. */
export interface OldVersion {
  readonly key: string
  readonly versionId: string
  /** Nothing newer has this key: true only of markers, which then hide what is older. */
  readonly isLatest: boolean
  /** What a removal left in place of the object: no bytes, and the key looks absent while it is the latest. */
  readonly deleteMarker: boolean
  readonly bytes: number
  readonly modifiedAtMs: number
}

export interface LeftoverLister {
  /** Every unfinished upload, by key, in pages. Throws a KnownError; `storage-not-offered` if the store has no such list. */
  unfinishedUploads(options?: CallOptions): AsyncIterable<readonly UnfinishedUpload[]>
  /**
   * Every version in the range that is not an object of the listing: older ones, and markers. By key, in pages; several
   * of one key stand together, in no promised order. Throws a KnownError; `storage-not-offered` as above.
   */
  oldVersions(range: KeyRange, options?: CallOptions): AsyncIterable<readonly OldVersion[]>
}

export type UploadName = Pick<UnfinishedUpload, 'key' | 'uploadId'>
export type VersionName = Pick<OldVersion, 'key' | 'versionId'>
export type RemovalOutcome = { readonly removed: true } | { readonly removed: false; readonly reason: string }

export interface LeftoverRemover {
  /** Gives up exactly these uploads and their parts. One answer per upload, in the order given; absent counts as removed. */
  removeUploads(
    uploads: readonly UploadName[],
    options?: CallOptions,
  ): Promise<readonly (UploadName & RemovalOutcome)[]>
  /**
   * Removes exactly these versions for ever, be they the latest or not. One answer per version, in the order given; absent
   * counts as removed. Removing a latest marker brings back what it hides: of one key, the marker goes in a later call.
   */
  removeVersions(
    versions: readonly VersionName[],
    options?: CallOptions,
  ): Promise<readonly (VersionName & RemovalOutcome)[]>
}

/** What takes space in a bucket and is no object: counted by `usage`, removed by nobody who was not told to. */
export interface BucketLeftovers extends LeftoverLister, LeftoverRemover {}

/** Counters every adapter keeps for reports and benchmarks. */
export interface StorageUse {
  readonly listRequests: number
  readonly otherRequests: number
}

/** Everything an adapter offers; compose hands out narrower views of it. */
export interface Storage extends ObjectLister, ObjectReader, ObjectWriter, ObjectRemover, ObjectMover {
  readonly traits: StorageTraits
  /** Null where a store has none: file systems. */
  readonly leftovers: BucketLeftovers | null
  /** Never throws for what the store does not say. */
  removalTraits(options?: CallOptions): Promise<RemovalTraits>
  use(): StorageUse
  /** Throws a KnownError if this is not a media store we can use: no such folder or bucket, no permission, wrong key. */
  check(options?: CallOptions): Promise<void>
  close(): Promise<void>
}

/**
 * A store that can change nothing but remote files and Cornac's own: keys under `cache/` and `cornac/`, and those somebody
 * vouches for.
 */
export interface SparingStorage extends Storage {
  /**
   * Remote files of old rows lie beside local media, without `cache/`. Only whoever has seen the row knows that such a key
   * is a remote record's. Holds until the returned function is called.
   */
  vouchFor(keys: readonly string[]): () => void
}
