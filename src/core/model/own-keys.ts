/**
 * Cornac's own objects in the media storage, all under one folder that Mastodon does not know: the canary, and files in
 * quarantine. Scans pass over them.
 */

export const OWN_PREFIX = 'cornac/'

/** Binds storage to database: holds the mark that our own tables hold for this instance. */
export const CANARY_KEY = `${OWN_PREFIX}canary`

const QUARANTINE_PREFIX = `${OWN_PREFIX}quarantine/`

/** Cornac's own objects: no media, in no count, and no scan's business. */
export function isOwnKey(key: string): boolean {
  return key.startsWith(OWN_PREFIX)
}

/** Where one run's files wait. The token cannot be guessed, so nobody who knows a file's old address finds it. */
export interface Quarantine {
  readonly run: string
  /** Hexadecimal digits by chance. */
  readonly token: string
  /** When the files may be removed for good, milliseconds since the epoch. */
  readonly untilMs: number
}

/**
 * Where a run's quarantined files lie, with a slash at the end: `cornac/quarantine/2026-12-05/<run>/<token>/`. Five segments:
 * no key below them has the seven or ten that tootctl 4.3 takes for media, whatever its class (docs/mastodon.md#tootctl-orphans).
 */
export function quarantineFolder({ run, token, untilMs }: Quarantine): string {
  return `${QUARANTINE_PREFIX}${new Date(untilMs).toISOString().slice(0, 10)}/${run}/${token}/`
}

/** The key in quarantine of an object with this key. */
export function quarantineKey(quarantine: Quarantine, key: string): string {
  return quarantineFolder(quarantine) + key
}
