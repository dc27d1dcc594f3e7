/** Pages of the older S3 listings, which go on after a name and an id instead of a token. */
import { compareKeys } from '../../../core/model/key-order.ts'
import type { S3Connection } from './connection.ts'
import { disagreement } from './listed-name.ts'

/** Where a page begins: after this id of this name; after all of the name if there is no id. */
export interface Marker {
  readonly name: string
  readonly id: string
}

/** What a store answered. Names are whole, with the key prefix. */
export interface MarkedPage<Entry> {
  /** In byte order of their names; one name may stand several times. */
  readonly entries: readonly (Entry & { readonly name: string })[]
  readonly isTruncated: boolean | undefined
  readonly nextName: string | undefined
  readonly nextId: string | undefined
}

/**
 * Pages until the store says that there are no more. Stores differ in whether a page begins at its name or after it (RGW:
 * at), so a first page may begin with the name it should begin after. A listing out of order, outside `prefix` or in a
 * circle ends the work with a SourceDisagreement.
 */
export async function* followMarkers<Entry>(
  connection: S3Connection,
  prefix: string,
  start: string,
  ask: (marker: Marker) => Promise<MarkedPage<Entry>>,
): AsyncGenerator<MarkedPage<Entry>['entries']> {
  const broken = (what: string) => disagreement(connection, what)
  let marker: Marker = { name: start, id: '' }
  /** Ids since the last new name. */
  let seen = new Set<string>()
  for (;;) {
    const page = await ask(marker)
    let last = marker.name
    for (const { name } of page.entries) {
      if (compareKeys(name, last) < 0) throw broken(`gave ${name} after ${last}, which is not byte order`)
      if (!name.startsWith(prefix))
        throw broken(`gave ${name} when asked for names that start with ${prefix}`)
      last = name
    }
    yield page.entries
    if (page.isTruncated === false) return
    if (page.isTruncated !== true) throw broken('did not say whether its listing is complete')
    const { nextName = '', nextId = '' } = page
    if (nextName === '') throw broken('has more to list but does not say where to go on')
    if (compareKeys(nextName, last) < 0) throw broken(`goes on after ${nextName} when it was at ${last}`)
    if (nextName !== marker.name) seen = new Set()
    if (seen.has(nextId) || (nextName === marker.name && nextId === marker.id))
      throw broken('repeats one page of its listing')
    seen.add(nextId)
    marker = { name: nextName, id: nextId }
  }
}
