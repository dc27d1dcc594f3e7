/** Time, progress and words for the log: asked of the world, never taken. */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Core counts, renderers draw; `silent` is the twin that draws nothing. */
export interface Progress {
  /** Begins a stage: what is counted, and how much of it there will be if that is known. */
  stage(label: string, total: number | null): void
  /** Adds to what is done in this stage. */
  advance(count: number): void
  /** Corrects the total when more is learned. */
  expect(total: number): void
  /** The stage or the work is over. */
  done(): void
}

/** For whoever shows nothing. */
export const silentProgress: Progress = {
  stage() {},
  advance() {},
  expect() {},
  done() {},
}

/** What tells one process from every other, on this machine and on others. */
export interface ProcessName {
  /** The boot and the PID namespace; null where that cannot be told. */
  readonly machine: string | null
  readonly pid: number
  /** When it started, as the kernel counts; null where that cannot be told. */
  readonly started: string | null
}

export interface ProcessIdentity {
  /** `host` for people. */
  self(): Promise<ProcessName & { readonly host: string }>
  /** True only if the process was on this very machine and is there no more; false whenever in doubt. */
  isDead(process: ProcessName): Promise<boolean>
}

/** What else goes on at this machine that destructive work stays clear of. */
export interface OtherWork {
  /** The hour of the day where this machine is, 0 up to 24, with its fraction. Mastodon's own schedule counts in it. */
  localHour(ms: number): number
  /** Command lines of `tootctl` that change media, as far as this process may see them. */
  runningTootctl(): Promise<readonly string[]>
}
