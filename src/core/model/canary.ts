/**
 * Do storage and our own tables hold the same mark? `new`: neither holds one. `storage-lost-it`: ours does, storage does not.
 * `foreign`: storage holds another. `ours-lost`: storage holds one, our tables none.
 */
export type CanaryState = 'matches' | 'new' | 'storage-lost-it' | 'foreign' | 'ours-lost'

export interface CanaryLook {
  readonly state: CanaryState
  /** The mark that our tables hold; null if they hold none. No secret: who can read storage can read it. */
  readonly mark: string | null
}
