/**
 * What runs on a schedule: tasks, the commands in them with their places, when they run, and what a bucket forgets by
 * itself. Parsed from an admin's files (adapters/schedules), judged by core/cron-lint; nothing of it is ever executed.
 */

/** A piece of a file. Lines and columns count from 1, columns in UTF-16 units; `endColumn` is behind the last one. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

/** A word as the program gets it: quotes gone, variables filled in as far as the file says them. */
export interface Word {
  readonly text: string
  readonly place: Place
  /** The file holds this very text at this place, so that it can be replaced there. */
  readonly exact: boolean
  /** Holds something that is only known when it runs. */
  readonly unknown: boolean
}

/** What stands before a command and runs it: another user, a container, a lock. */
export interface Wrapper {
  readonly kind: 'user' | 'container' | 'cluster' | 'remote' | 'lock' | 'keeper' | 'plain'
  /** Without its folder: `sudo`, `docker`. */
  readonly program: string
  /** Of the wrapper itself, with its options. */
  readonly words: readonly Word[]
  /** Whom the command runs as behind it; null if that stays. */
  readonly user: string | null
  /** The options that ask for a terminal. */
  readonly terminal: readonly Word[]
}

/** `seen`: cron mails it or a journal has it. `kept`: a file or a pipe gets it. `lost`: nobody does. */
export type OutputFate = 'seen' | 'kept' | 'lost'

export interface ScheduledCommand {
  /** The program and its arguments, wrappers taken off. */
  readonly words: readonly Word[]
  /** From the program to the last word. */
  readonly place: Place
  /** Outermost first. */
  readonly wrappers: readonly Wrapper[]
  /** Set by the file for this command; not what the machine adds. */
  readonly environment: Readonly<Record<string, Word>>
  /** The folder the file goes to before; null if it says none. */
  readonly workingDirectory: Word | null
  readonly user: string | null
  readonly output: OutputFate
  readonly errors: OutputFate
  /** The redirections that lose output. */
  readonly losses: readonly Place[]
  /** A lock keeps a second one away. */
  readonly guarded: boolean
  /** `|| true`: nobody learns that it failed. */
  readonly failureIgnored: Place | null
  /** Stands in a script that the schedule calls. */
  readonly inScript: boolean
}

/** When something runs, as days and minutes so that two schedules can be compared. */
export interface Recurrence {
  /** Minutes since midnight, ascending. */
  readonly minutes: readonly number[]
  /** One character per day from 1 January of a leap year that begins on a Monday: `1` runs, `0` does not. */
  readonly days: string
}

export interface Schedule {
  /** As written: `0 4 * * 0`, `@weekly`, `Sun *-*-* 04:00`. */
  readonly text: string
  readonly place: Place
  readonly dialect: 'cron' | 'calendar' | 'interval' | 'folder'
  /** Null is the machine's own. */
  readonly timeZone: string | null
  /** In words; null where there is nothing to say (`@reboot`, a mistake). */
  readonly inWords: { readonly en: string; readonly fr: string } | null
  /** Milliseconds since 1970, the first few runs after now. */
  readonly next: readonly number[]
  /** Null for intervals and mistakes. */
  readonly recurrence: Recurrence | null
  /** Minutes between two runs at the least; null if unknown. */
  readonly everyMinutes: number | null
  readonly mistake: 'unreadable' | 'never' | null
  /** The fields, for moving a run to another minute: only cron expressions that the file holds as they are. */
  readonly fields: readonly Word[]
}

/** What is wrong around the command rather than in it. */
export type Oddity = 'percent' | 'dot-in-name' | 'no-final-newline' | 'user-missing' | 'user-too-many'

export type TaskKind =
  | 'crontab'
  | 'cron-script'
  | 'timer'
  | 'script'
  | 'compose'
  | 'kubernetes'
  | 'helm'
  | 'nix'

/** Something that is started, at times or (`schedule` null) by hand. */
export interface Task {
  readonly kind: TaskKind
  /** The unit's, the service's, the job's; null for a line of a crontab. */
  readonly name: string | null
  /** The line, or the words that make the task. */
  readonly place: Place
  readonly schedule: Schedule | null
  readonly commands: readonly ScheduledCommand[]
  readonly user: string | null
  /** The runner itself starts no second one. */
  readonly neverTwice: boolean
  /** Where the runner would be told to start no second one. */
  readonly policy: Place | null
  /** How many machines or copies start it. */
  readonly copies: { readonly count: number; readonly place: Place } | null
  /** Where the mail of cron goes: '' is nowhere; null if the file does not say. */
  readonly mailTo: Word | null
  readonly oddities: readonly { readonly kind: Oddity; readonly place: Place }[]
}

/** A rule by which a bucket removes objects by itself. */
export interface LifecycleRule {
  readonly name: string
  readonly enabled: boolean
  /** Null: the whole bucket. */
  readonly prefix: Word | null
  readonly removes: 'objects' | 'archives' | 'old-versions' | 'unfinished-uploads'
  readonly days: number | null
  readonly place: Place
}

/** A setting of Mastodon that a file gives. */
export interface SettingInFile {
  readonly name: string
  readonly value: Word
  readonly place: Place
}

export type DocumentKind = TaskKind | 'unit' | 'lifecycle' | 'settings' | 'unknown'

/** One file as it was read. */
export interface ScheduleDocument {
  readonly path: string
  readonly kind: DocumentKind
  readonly text: string
  /** Where each line begins, ascending from 0. */
  readonly lineStarts: readonly number[]
  readonly tasks: readonly Task[]
  readonly lifecycle: readonly LifecycleRule[]
  readonly settings: readonly SettingInFile[]
  /** `4.5`, where the file names the image it runs. */
  readonly version: string | null
}

/** A file or folder that could not be read, or not wholly, and why. */
export interface Unread {
  readonly path: string
  readonly reason:
    | 'missing'
    | 'forbidden'
    | 'no-file'
    | 'binary'
    | 'too-long'
    | 'too-deep'
    | 'not-understood'
    | 'script-not-found'
    | 'failed'
  /** What a person may want to know besides: a line, a limit. */
  readonly detail: string | null
}

/** A Ruby of a user's own: `/home/mastodon/.rbenv`. */
export interface OwnRuby {
  readonly user: string
  readonly path: string
}

/** All that is looked at together: one server, as far as it is known. */
export interface Maintenance {
  readonly documents: readonly ScheduleDocument[]
  readonly unread: readonly Unread[]
  /** Found in the homes of a host's users; empty where files were named. */
  readonly ownRubies: readonly OwnRuby[]
}
