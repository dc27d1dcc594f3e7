/** Where a lab instance keeps its media, and where the accidents happen. */

export interface PutOptions {
  /** File mode; default 0644. A store with ACLs reads 0600 as `private`. */
  readonly mode?: number | undefined
  /** Last modification; stores that take no such wish use their own clock. */
  readonly modifiedAtMs?: number | undefined
}

/** One object found in storage. */
export interface SinkObject {
  readonly key: string
  readonly bytes: number
}

export interface MediaSink {
  /** For messages. */
  readonly description: string
  /** Mastodon's variables for this storage. */
  readonly env: Readonly<Record<string, string>>
  /** Calls worth having under way at once. */
  readonly concurrency: number
  /** Stores the bytes, replacing what was there. */
  put(key: string, bytes: Uint8Array, contentType: string, options?: PutOptions): Promise<void>
  /** Null if absent. */
  get(key: string): Promise<Uint8Array | null>
  /** Removes files; absent ones are no error. */
  remove(keys: readonly string[]): Promise<void>
  /** Every object whose key starts with `prefix`, in no promised order. */
  list(prefix: string): AsyncIterable<SinkObject>
  close(): Promise<void>
}
