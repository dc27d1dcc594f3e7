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
}

/** What came of removing one key. Absent counts as removed: the wish is fulfilled. */
export type Removal =
  | { readonly key: string; readonly removed: true }
  | { readonly key: string; readonly removed: false; readonly reason: string }

export interface ObjectRemover {
  /** One answer per key, in the order given. */
  remove(keys: readonly string[], options?: CallOptions): Promise<readonly Removal[]>
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

/** Counters every adapter keeps for reports and benchmarks. */
export interface StorageUse {
  readonly listRequests: number
  readonly otherRequests: number
}

/** Everything an adapter offers; compose hands out narrower views of it. */
export interface Storage extends ObjectLister, ObjectReader, ObjectWriter, ObjectRemover {
  readonly traits: StorageTraits
  use(): StorageUse
  /** Throws a KnownError if this is not a media store we can use: no such folder or bucket, no permission, wrong key. */
  check(options?: CallOptions): Promise<void>
  close(): Promise<void>
}

/** A store that can change nothing but remote files: keys under `cache/`, and those somebody vouches for. */
export interface SparingStorage extends Storage {
  /**
   * Remote files of old rows lie beside local media, without `cache/`. Only whoever has seen the row knows that such a key
   * is a remote record's. Holds until the returned function is called.
   */
  vouchFor(keys: readonly string[]): () => void
}
