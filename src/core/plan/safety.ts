/**
 * Every margin and cap of destructive work, each with its reason. No setting changes them: what may be set aside is set aside
 * by a flag, for one run (core/model/overrides.ts).
 */

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/**
 * More of a kind than this and the command that made the plan does not apply it at once: a person has to look at it first. A
 * prune that runs every night takes a few per cent; the first one after years takes more, and deserves a look.
 */
export const STOP_SHARE = 0.2

/**
 * More of a kind than this and looking is not enough: the run names the kind and the share. Most of a kind is what a wrong
 * cut-off, a wrong database, or a clock that went astray takes.
 */
export const REFUSE_SHARE = 0.5

/** Below this many files a share says nothing: two of three cards are no mass removal. */
export const SHARES_FROM_FILES = 100

/**
 * How far the world may have moved between plan and apply: a busy server takes in some thousand files a day, and what a
 * person agreed to should still be roughly what happens. The larger of share and number counts.
 */
export const MOVED_SHARE = 0.1
export const MOVED_FILES = 1_000

/** A plan that nobody applied for a week was made for another server: the same one, a week ago. */
export const PLAN_LIFE_MS = 7 * DAY_MS

/** Two machines that plan and apply for one server, or one whose clock is set right, differ by less. */
export const CLOCK_SLACK_MS = 5 * 60_000

/** So long can a run be taken back, or gone on with: mistakes are noticed within a month, and the journal costs space. */
export const JOURNAL_LIFE_MS = 30 * DAY_MS

/**
 * Between the scans that see an orphan first and last. A file is written inside the transaction that names it
 * (docs/mastodon.md#files-before-rows), and a restored backup or a storage behind its time heals within a day: what no row claims
 * a day apart, no row will claim.
 */
export const ORPHAN_GRACE_MS = DAY_MS

/** How long orphans wait in quarantine: a week has every weekday in it, and somebody who misses a picture. */
export const QUARANTINE_MS = 7 * DAY_MS

/**
 * Mastodon's own vacuum begins at a random minute of these hours, local time (docs/mastodon.md#vacuum), and works on the same
 * rows. Work that begins shortly before would meet it.
 */
const VACUUM_FROM_HOUR = 3
const VACUUM_TO_HOUR = 6
const VACUUM_MARGIN_HOURS = 10 / 60

/** Mastodon's vacuum may be at work, or about to begin. @param localHour 0 up to 24, with its fraction */
export function isVacuumHour(localHour: number): boolean {
  return localHour >= VACUUM_FROM_HOUR - VACUUM_MARGIN_HOURS && localHour < VACUUM_TO_HOUR
}

/**
 * Objects of one batch at most: what a death leaves half done is ended in seconds. Five of the largest requests there are (S3:
 * 1,000 keys).
 */
export const ORPHANS_PER_BATCH = 5_000

/** An upload in parts takes Mastodon minutes; one that began a day ago is nobody's. */
export const UPLOAD_MIN_AGE_MS = DAY_MS

/** A version that something replaced within the week may be what an undo needs. */
export const VERSION_MIN_AGE_MS = 7 * DAY_MS

/**
 * If a scan misses more than this of the files that rows of a kind name, storage and database are not of one server, or of one
 * time: then what no row claims is no orphan. Asked where the kind has at least `SHARES_FROM_FILES`.
 */
export const BELIEVED_MISSING_SHARE = 0.5

/** Named files looked at before storage and database are bound by a mark, and how many of them storage must hold. */
export const CANARY_SAMPLE = 100
export const CANARY_PRESENT_SHARE = 0.5

/** Things of a plan to look at; a person reads no more. */
export const PLAN_SAMPLES = 20

/** Keys that are looked at again after a run: each costs a request, and a store that lies lies soon. */
export const VERIFIED_FILES = 100
