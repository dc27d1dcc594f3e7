/** The options of `cornac orphans` as what core is asked. */
import { parseDuration } from '../../config/quantities.ts'
import {
  ORPHAN_GRACE_MS,
  QUARANTINE_MS,
  UPLOAD_MIN_AGE_MS,
  VERSION_MIN_AGE_MS,
} from '../../core/plan/safety.ts'
import type { CommandOption } from './command.ts'
import { usageError } from './usage-error.ts'

export interface OrphanOptions {
  readonly grace?: number
  /** False: removed at once. */
  readonly quarantine?: number | false
  readonly unfinishedUploads?: true
  readonly oldVersions?: true
  readonly olderThan?: number
}

const DAY_MS = 86_400_000
const LONGEST_QUARANTINE_DAYS = 365
const LEAST_AGE = { 'unfinished-uploads': UPLOAD_MIN_AGE_MS, 'old-versions': VERSION_MIN_AGE_MS } as const
const DEFAULT_OLDER_THAN_MS = 7 * DAY_MS

export const ORPHAN_OPTIONS: readonly CommandOption[] = [
  {
    flags: '--grace <duration>',
    description: 'the time between the two scans that have to see an orphan: 24h, or longer (default: 24h)',
    read: (text) => atLeast(ORPHAN_GRACE_MS, parseDuration(text)),
    expects: 'a duration of 24h or more, such as 24h or 3d',
  },
  {
    flags: '--quarantine <days>',
    description: `how long orphans can still be taken back before they are removed for good (default: ${QUARANTINE_MS / DAY_MS})`,
    read: readDays,
    expects: `a number of days up to ${LONGEST_QUARANTINE_DAYS} such as 7`,
  },
  { flags: '--no-quarantine', description: 'remove them at once: nothing brings them back' },
  {
    flags: '--min-age <duration>',
    description:
      'do not call younger files orphans: their rows may not be written yet (default: 24h, or scan.min_age)',
    setting: 'scan.min_age',
  },
  {
    flags: '--concurrency <count>',
    description: 'parts of storage listed side by side (default: 4, or scan.concurrency)',
    setting: 'scan.concurrency',
  },
  {
    flags: '--unfinished-uploads',
    description: 'instead of orphans: what uploads to a bucket left that never came to their end',
  },
  {
    flags: '--old-versions',
    description:
      'instead of orphans: what a bucket with versions keeps of files that were replaced or removed',
  },
  {
    flags: '--older-than <duration>',
    description:
      'with these two: only what was begun, or replaced, longer ago; not below 24h, and 7d for versions (default: 7d)',
    read: (text) => atLeast(UPLOAD_MIN_AGE_MS, parseDuration(text)),
    expects: 'a duration of 24h or more, such as 7d or 36h',
  },
]

function atLeast(least: number, value: number | undefined): number | undefined {
  return value === undefined || value < least ? undefined : value
}

function readDays(text: string): number | undefined {
  const days = /^\d{1,3}(?:\.\d{1,3})?$/.test(text.trim()) ? Number(text) : Number.NaN
  return days > 0 && days <= LONGEST_QUARANTINE_DAYS ? days : undefined
}

/** What is to be found, and on what terms. */
export type OrphanWish =
  | { readonly what: 'objects'; readonly graceMs: number; readonly quarantineMs: number | null }
  | { readonly what: 'unfinished-uploads' | 'old-versions'; readonly olderThanMs: number }

/** @throws KnownError of category `usage` for what the options cannot mean together */
export function readOrphanWish(options: OrphanOptions): OrphanWish {
  const { grace, quarantine, unfinishedUploads, oldVersions, olderThan } = options
  if (unfinishedUploads === true && oldVersions === true)
    throw usageError(
      '--unfinished-uploads and --old-versions cannot be combined',
      'Each makes a plan of its own: run it twice',
    )
  if (unfinishedUploads !== true && oldVersions !== true) {
    if (olderThan !== undefined)
      throw usageError(
        '--older-than belongs to --unfinished-uploads and --old-versions',
        'For orphans give --grace or --min-age',
      )
    return {
      what: 'objects',
      graceMs: grace ?? ORPHAN_GRACE_MS,
      quarantineMs:
        quarantine === false
          ? null
          : quarantine === undefined
            ? QUARANTINE_MS
            : Math.round(quarantine * DAY_MS),
    }
  }
  const flag = unfinishedUploads === true ? '--unfinished-uploads' : '--old-versions'
  if (grace !== undefined || quarantine !== undefined)
    throw usageError(
      `${grace === undefined ? 'quarantine' : '--grace'} is about orphans, and not about ${flag}`,
      `Leave it out; ${flag} has --older-than`,
    )
  const what = unfinishedUploads === true ? 'unfinished-uploads' : 'old-versions'
  const olderThanMs = olderThan ?? DEFAULT_OLDER_THAN_MS
  if (olderThanMs < LEAST_AGE[what])
    throw usageError(
      `${flag} --older-than is at least ${LEAST_AGE[what] / DAY_MS}d: younger versions may be what an undo needs`,
      'Give a longer time, or leave --older-than out',
    )
  return { what, olderThanMs }
}
