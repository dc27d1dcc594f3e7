/** Which records a prune would let go, and why the others stay. Nothing is changed through this. */
import type { PruneCandidate, PruneTotals, PruneVerdict } from '../model/prune-candidate.ts'
import type { PruneKind, PrunePolicy } from '../model/prune-policy.ts'
import type { CallOptions } from './storage.ts'

export interface PruneSource {
  /**
   * Every row the policy lets go of, once: accounts first, then attachments, then cards, in bounded pages that are never
   * empty. Keyset reads by id, each a statement of its own with bounded work: no cursor, no session state. A row that changes
   * meanwhile is told as one of its pages saw it, which is why a candidate carries what was seen.
   *
   * Held meanwhile: a few pages, eight bytes for each account with a follow request and for each card that people here had
   * to do with (preset `cornac`), and with a domain eight bytes for each attachment of some hundred accounts of it.
   */
  candidates(policy: PrunePolicy, options?: CallOptions): AsyncIterable<readonly PruneCandidate[]>
  /**
   * One record under the policy, whichever kinds that names. The kind `attachment` means the row with its thumbnail. Of a
   * card the table of cards and posts is read whole: there is no index by card.
   */
  explain(kind: PruneKind, id: string, policy: PrunePolicy, options?: CallOptions): Promise<PruneVerdict>
  /** The same rows added up by the database, without reading them: as many statements as pages. */
  count(policy: PrunePolicy, options?: CallOptions): Promise<PruneTotals>
}
