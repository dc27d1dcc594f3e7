/** What a rule of the lint is: its texts, its evidence, and a function over what is scheduled. */
import type { Maintenance, Place, ScheduleDocument, ScheduledCommand, Task } from '../model/scheduled.ts'
import type { BetterLine } from './better-lines.ts'
import type { MastodonVersion } from './tootctl/commands.ts'
import type { TootctlCall } from './tootctl/read-call.ts'

export const LANGUAGES = ['en', 'fr'] as const
export type Language = (typeof LANGUAGES)[number]

export type Texts = Readonly<Record<Language, string>>

export type Severity = 'error' | 'warning' | 'note'

/** A replacement in a file. `delete-lines` takes the lines of the place away whole. */
export type Edit =
  | { readonly kind: 'replace'; readonly place: Place; readonly text: string }
  | { readonly kind: 'delete-lines'; readonly place: Place }

/** What a rule says about one place. */
export interface Judgement {
  readonly place: Place
  /** What this line does, with its own words and numbers; the harm is the rule's. */
  readonly message: Texts
  /** What makes the line right; empty where a person has to decide. */
  readonly edits?: readonly Edit[]
  /** A better line of Cornac, by its name in better-lines.ts. */
  readonly better?: BetterLine
}

/** One call of tootctl with everything around it. */
export interface Call {
  readonly tootctl: TootctlCall
  readonly command: ScheduledCommand
  readonly task: Task
  readonly document: ScheduleDocument
}

/** What rules look at. */
export interface Subject {
  readonly maintenance: Maintenance
  /** Each call once per task that makes it. */
  readonly calls: readonly Call[]
  /** Named, or that of an image in the files; null if unknown. */
  readonly version: MastodonVersion | null
  /** A setting of Mastodon that one of the files gives. */
  readonly setting: (name: string) => string | null
}

export interface Rule {
  /** Short and stable: people write it in comments and scripts. */
  readonly code: string
  readonly severity: Severity
  readonly title: Texts
  /** One sentence. */
  readonly harm: Texts
  readonly evidence: {
    /** `4.3–4.6`, or what else it holds for. */
    readonly versions: string
    /** A file of Mastodon, a manual page, a public report. */
    readonly source: string
    readonly says: Texts
  }
  /** What to do. One sentence. */
  readonly fix: Texts
  check(subject: Subject): Iterable<Judgement>
}
