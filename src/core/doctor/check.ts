/** What `doctor` says of one thing. */

/** `good` needs nothing, `note` is worth knowing, `bad` needs somebody. */
export interface Check {
  readonly about:
    | 'settings'
    | 'database'
    | 'clock'
    | 'storage'
    | 'canary'
    | 'retention'
    | 'sidekiq'
    | 'memory'
    | 'runs'
  readonly state: 'good' | 'note' | 'bad'
  readonly says: string
  /** What to do; null when there is nothing to do. */
  readonly remedy: string | null
}

export interface DoctorReport {
  readonly checks: readonly Check[]
  /** No check is `bad`. */
  readonly healthy: boolean
}
