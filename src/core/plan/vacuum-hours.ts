import { VACUUM_FROM_HOUR, VACUUM_MARGIN_HOURS, VACUUM_TO_HOUR } from './safety.ts'

/** Mastodon's vacuum may be at work, or about to begin. @param localHour 0 up to 24, with its fraction */
export function inVacuumHours(localHour: number): boolean {
  return localHour >= VACUUM_FROM_HOUR - VACUUM_MARGIN_HOURS && localHour < VACUUM_TO_HOUR
}
