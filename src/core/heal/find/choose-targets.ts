/** Whose pictures are looked at: everybody in a scope, or what a scan found. */
import type { HealKind, HealScope, HealTarget } from '../../model/heal-target.ts'
import type { Kind } from '../../model/media.ts'
import type { HealSource } from '../../ports/mastodon.ts'
import type { CompletedScan } from '../../ports/state.ts'
import type { CallOptions } from '../../ports/storage.ts'

export type Choice =
  | { readonly by: 'scope'; readonly scope: HealScope }
  | { readonly by: 'findings'; readonly scan: CompletedScan }
  /** These records, whatever they look like; ids by kind. */
  | { readonly by: 'records'; readonly records: ReadonlyMap<Kind, readonly string[]> }

/** Targets in bounded pages, each once. */
export function chooseTargets(
  source: Pick<HealSource, 'targets' | 'targetsById'>,
  choice: Choice,
  kinds: readonly HealKind[],
  options: CallOptions,
): AsyncIterable<readonly HealTarget[]> {
  switch (choice.by) {
    case 'scope':
      return source.targets(choice.scope, kinds, options)
    case 'findings':
      return targetsOfFindings(source, choice.scan, kinds, options)
    case 'records':
      return targetsOfRecords(source, choice.records, options)
  }
}

async function* targetsOfRecords(
  source: Pick<HealSource, 'targetsById'>,
  records: ReadonlyMap<Kind, readonly string[]>,
  options: CallOptions,
): AsyncGenerator<readonly HealTarget[]> {
  for (const [kind, ids] of records)
    for (let at = 0; at < ids.length; at += PAGE)
      yield await source.targetsById(kind, ids.slice(at, at + PAGE), options)
}

/** Ids asked for at once. */
const PAGE = 500

async function* targetsOfFindings(
  source: Pick<HealSource, 'targetsById'>,
  scan: CompletedScan,
  kinds: readonly HealKind[],
  options: CallOptions,
): AsyncGenerator<readonly HealTarget[]> {
  const wanted = new Set<Kind>(kinds)
  if (wanted.has('attachment')) wanted.add('thumbnail')
  const waiting = new Map<Kind, string[]>()
  // One record may have several findings, one after the other: its variants.
  let last = ''
  for await (const page of scan.findings(options)) {
    for (const { code, kind, id } of page) {
      if (kind === null || id === null || !wanted.has(kind) || (code !== 'missing' && code !== 'pruned'))
        continue
      if (`${kind} ${id}` === last) continue
      last = `${kind} ${id}`
      const ids = waiting.get(kind) ?? []
      waiting.set(kind, ids)
      ids.push(id)
      if (ids.length < PAGE) continue
      waiting.delete(kind)
      yield await source.targetsById(kind, ids, options)
    }
  }
  for (const [kind, ids] of waiting) yield await source.targetsById(kind, ids, options)
}
