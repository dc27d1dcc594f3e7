/** Which records a prune would let go, and why the others stay; and the right to make rows let go, and to take that back. */
import type { Kind } from '../model/media.ts'
import type { PruneCandidate, PruneTotals, PruneVerdict, SeenCandidate } from '../model/prune-candidate.ts'
import type { PruneKind, PrunePolicy } from '../model/prune-policy.ts'
import type { Fence } from './state.ts'
import type { CallOptions } from './storage.ts'

/** The last row of a page: `accounts 109302…`. */
export type PrunePosition = string

export interface PrunePage {
  readonly candidates: readonly SeenCandidate[]
  /** Everything up to here has been told. */
  readonly position: PrunePosition
}

export interface PruneSource {
  /**
   * Every row the policy lets go of, once: accounts first, then attachments, then cards, in bounded pages that are never
   * empty. Keyset reads by id, each a statement of its own with bounded work: no cursor, no session state. A row that changes
   * meanwhile is told as one of its pages saw it, which is why a candidate carries what was seen.
   *
   * Held meanwhile: a few pages, eight bytes for each account with a follow request and for each card that people here had
   * to do with (preset `cornac`), and with a domain eight bytes for each attachment of some hundred accounts of it.
   */
  candidates(
    policy: PrunePolicy,
    options?: CallOptions & { readonly after?: PrunePosition | null },
  ): AsyncIterable<PrunePage>
  /**
   * One record under the policy, whichever kinds that names. The kind `attachment` means the row with its thumbnail. Of a
   * card the table of cards and posts is read whole: there is no index by card.
   */
  explain(kind: PruneKind, id: string, policy: PrunePolicy, options?: CallOptions): Promise<PruneVerdict>
  /** The same rows added up by the database, without reading them: as many statements as pages. */
  count(policy: PrunePolicy, options?: CallOptions): Promise<PruneTotals>
  /** Files of each kind that remote rows name now: what shares are of. */
  named(kinds: readonly PruneKind[], options?: CallOptions): Promise<Readonly<Partial<Record<Kind, number>>>>
}

/** One file that a row would name again. */
export interface FileBack {
  readonly table: PruneCandidate['table']
  readonly id: string
  readonly file: PruneCandidate['files'][number]
}

/** The only right to make rows let go of files in bulk. */
export interface PruneEditor {
  /**
   * Asked before any work: could rows of these kinds be changed at all? Changes nothing.
   * @throws KnownError if this Mastodon is only read, the database is a standby, or the user may not change a table
   */
  refuseIfReadOnly(kinds: readonly PruneKind[], options?: CallOptions): Promise<void>
  /**
   * Of each candidate (all of one table) the files go from the row if nobody has written the row since it was read (any column
   * of it: who writes it deals with it), the policy still lets it go, nobody else holds the row at this moment, and
   * `fence` (if any) is still held. Each row in one statement, many rows in a few, each a transaction of its own. Gives the ids
   * of those that took effect; the others are as they were. They are on disk when it resolves; when it rejects, any of them may
   * have taken effect: the rows tell. `signal` counts before the first only. Per file four columns become NULL
   * (docs/mastodon.md#file-columns), and the row's `updated_at` becomes `touchedAtMs` unless that is null.
   *
   * Of cards, what people here did with their posts is asked again for posts made since the policy was (or a day before).
   * @throws KnownError `database-contested` if others stay in the way of every try; `lease-lost` is not told from here: nothing
   *   takes effect then
   */
  letGo(
    candidates: readonly SeenCandidate[],
    policy: PrunePolicy,
    touchedAtMs: number | null,
    fence: Fence | null,
    options?: CallOptions,
  ): Promise<ReadonlySet<string>>
  /**
   * One statement: the rows (all of one table) name these files again, with content type, size and time as they were, where the
   * row is remote, names nothing for the kind, has the same remote URL, nobody else holds it at this moment, and `fence` is
   * still held. Asked a second time, it does what is left. The row's `updated_at` goes back to `rowUpdatedAt` if it
   * still is `touchedAtMs`. Gives `<kind> <id>` of those that took effect.
   * @throws KnownError `database-contested`, as `letGo`
   */
  nameAgain(
    files: readonly FileBack[],
    back: {
      readonly touchedAtMs: number | null
      readonly rowUpdatedAt: ReadonlyMap<string, string>
    },
    fence: Fence | null,
    options?: CallOptions,
  ): Promise<ReadonlySet<string>>
}
