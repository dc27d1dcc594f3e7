/** The read model of `ledger explain`: everything the ledger knows of one account, host or record. */
import { PATIENCE, type Patience } from '../heal/verdict.ts'
import { kindNamed } from '../model/media.ts'
import type { HostEntry, Ledger, LedgerEntry, LedgerFilter } from '../ports/state.ts'
import type { CallOptions } from '../ports/storage.ts'

/** What a word of an admin's may mean. */
export type LedgerThing =
  | { readonly is: 'record'; readonly filter: LedgerFilter }
  /** An account, an emoji of a domain, the page of a card */
  | { readonly is: 'label'; readonly filter: LedgerFilter }
  | { readonly is: 'host'; readonly filter: LedgerFilter & { readonly host: string } }

/** `user@domain`, `:emoji:@domain`, a page's address, `kind:id`, or a host; undefined for none of them. */
export function readLedgerThing(word: string): LedgerThing | undefined {
  const text = word.trim()
  const [, kindName = '', id] = /^([a-z-]+):(\d{1,19})$/.exec(text) ?? []
  const kind = kindNamed(kindName)
  if (kind !== undefined) return { is: 'record', filter: { kind, id } }
  if (/^https?:\/\/\S+$/.test(text)) return { is: 'label', filter: { label: text } }
  if (/^@?[^@\s]+@[^@\s/]+$/.test(text)) return { is: 'label', filter: { label: text.replace(/^@/, '') } }
  if (/^[^\s@/]+$/.test(text)) return { is: 'host', filter: { host: text.toLowerCase() } }
  return undefined
}

export interface ExplainedRecord extends LedgerEntry {
  /** How long such a failure waits at first and at most. */
  readonly patience: Patience
  /** Of the host that said no, if that is in trouble too. */
  readonly hostRestsUntilMs: number | null
}

export interface LedgerExplanation {
  readonly thing: LedgerThing['is']
  /** The host asked for, if it is in trouble. */
  readonly host: HostEntry | null
  readonly records: readonly ExplainedRecord[]
  readonly more: boolean
}

/** At most `limit` records, those due next first. */
export async function explainLedger(
  ledger: Pick<Ledger, 'hosts' | 'list'>,
  thing: LedgerThing,
  limit: number,
  options?: CallOptions,
): Promise<LedgerExplanation> {
  const hosts = new Map((await ledger.hosts(options)).map((entry) => [entry.host, entry]))
  const records: ExplainedRecord[] = []
  let more = false
  for await (const page of ledger.list(thing.filter, options)) {
    for (const entry of page.slice(0, limit - records.length)) {
      const hostRestsUntilMs = hosts.get(entry.host)?.restsUntilMs ?? null
      records.push({ ...entry, patience: PATIENCE[entry.outcome], hostRestsUntilMs })
    }
    more ||= records.length >= limit && page.length > 0 && page.at(-1)?.id !== records.at(-1)?.id
    if (more) break
  }
  const host = thing.is === 'host' ? (hosts.get(thing.filter.host) ?? null) : null
  return { thing: thing.is, host, records, more }
}
