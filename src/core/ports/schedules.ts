import type { Maintenance } from '../model/scheduled.ts'

/** What is asked for: files, or what this host has. */
export interface ScheduleRequest {
  /** Files and folders; `-` is standard input. Empty: the usual places of this host. */
  readonly paths: readonly string[]
  /** Absolute paths lie below this folder: a mounted backup or image. Default `/`. */
  readonly root: string
  readonly signal?: AbortSignal | undefined
}

/** Reads what runs on a schedule. Executes nothing; what it cannot read is part of the answer, never an error. */
export interface ScheduleReader {
  read(request: ScheduleRequest): Promise<Maintenance>
  /**
   * Writes a text into a new file beside the named one and answers with its path (`crontab.cornac`, `crontab.cornac.2`).
   * Never writes over a file. Throws a `KnownError` where it may not write.
   */
  writeBeside(path: string, text: string): Promise<string>
}
