/**
 * Record to key and back: `<root><class>/<attachment>/<id partition>/<style>/<file name>`.
 * Source: kt-paperclip 7 `Interpolations.id_partition`, Mastodon `config/initializers/paperclip.rb` (4.3 to 4.6).
 */
import { compareKeys } from './key-order.ts'
import { ALL_KINDS, KINDS, variantsOf, type Kind, type Variant } from './media.ts'
import type { MediaRecord } from './record.ts'

/** `cache/` for remote files written since Mastodon 3.1, otherwise nothing. */
export type Root = 'cache/' | ''

/** The two roots a kind's keys can start with. */
export function rootsOf(kind: Kind): readonly Root[] {
  return KINDS[kind].cached ? ['', 'cache/'] : ['']
}

/** The root under which a record's files lie (docs/mastodon.md#roots). */
export function rootOf(record: Pick<MediaRecord, 'kind' | 'remote' | 'storageVersion'>): Root {
  return KINDS[record.kind].cached && record.remote && record.storageVersion >= 1 ? 'cache/' : ''
}

/** What every key of a kind below a root starts with: `cache/accounts/avatars/`. */
export function prefixOf(kind: Kind, root: Root): string {
  return `${root}${KINDS[kind].folder}/`
}

/**
 * An id in complete groups of three digits, joined by `/`.
 *
 * Ids below 1,000,000,000 are padded to nine digits, larger ones to twelve; a remainder of one or two digits is
 * dropped, so several ids of 13, 14, 16, 17 and 19 digits share a folder. A minus sign takes part in the padding and
 * belongs to no group: -99 is `-00000099` and gives `000/000`.
 */
export function idPartition(id: string): string {
  const negative = id.startsWith('-')
  const digits = negative ? id.slice(1) : id
  const width = !negative && digits.length > 9 ? 12 : negative ? 8 : 9
  const padded = digits.padStart(width, '0')
  let partition = padded.slice(0, 3)
  for (let at = 3; at + 3 <= padded.length; at += 3) partition += `/${padded.slice(at, at + 3)}`
  return partition
}

/** The folder of a record's files: prefix and id partition, without a trailing slash. */
function folderOf(record: MediaRecord): string {
  return prefixOf(record.kind, rootOf(record)) + idPartition(record.id)
}

/** The name of one variant's file. An extension starts at the last dot that is not the first character. */
export function variantFileName(fileName: string, variant: Variant): string {
  if (variant.name === 'same') return fileName
  const dot = fileName.lastIndexOf('.')
  return `${dot > 0 ? fileName.slice(0, dot) : fileName}.${variant.name}`
}

/** False for what leads out of its folder, or into one below: no store takes such a key, and Mastodon gives no such name. */
export function isPlainFileName(fileName: string): boolean {
  return fileName !== '.' && fileName !== '..' && !fileName.includes('/')
}

/** A key that a record claims, with the variant it stands for. */
export interface ClaimedKey {
  readonly key: string
  readonly style: string
  readonly record: MediaRecord
}

/** Every key a record claims, in key order; none if it names nothing. */
export function claimedKeys(record: MediaRecord): readonly ClaimedKey[] {
  const { fileName } = record
  if (fileName === null) return []
  const folder = folderOf(record)
  return variantsOf(record.kind, record.contentType)
    .map((variant) => ({
      key: `${folder}/${variant.style}/${variantFileName(fileName, variant)}`,
      style: variant.style,
      record,
    }))
    .sort((a, b) => compareKeys(a.key, b.key))
}

/** What a key of known shape says about itself. */
export interface ParsedKey {
  readonly kind: Kind
  readonly root: Root
  /** Groups of three digits joined by `/`. */
  readonly partition: string
  readonly style: string
  readonly fileName: string
}

const KEY_SHAPE = /^(cache\/)?([a-z_]+\/[a-z_]+)\/((?:\d{3}\/){1,5}\d{3})\/([^/]+)\/([^/]+)$/
const KIND_OF_FOLDER = new Map(ALL_KINDS.map((kind) => [KINDS[kind].folder, kind]))

/** Reads a key; undefined if no record of any kind could ever claim one of this shape (a stray). */
export function parseKey(key: string): ParsedKey | undefined {
  const match = KEY_SHAPE.exec(key)
  if (match === null) return undefined
  const [, cache, folder = '', partition = '', style = '', fileName = ''] = match
  const kind = KIND_OF_FOLDER.get(folder)
  if (kind === undefined || !KINDS[kind].styles.includes(style)) return undefined
  if (cache !== undefined && !KINDS[kind].cached) return undefined
  return { kind, root: cache === undefined ? '' : 'cache/', partition, style, fileName }
}

/** A range of ids, both ends included. */
export interface IdRange {
  readonly from: bigint
  readonly to: bigint
}

/**
 * Every id whose partition is the given one: one id where nothing was dropped, up to 111 where digits were.
 * Two groups belong to negative ids only; one group belongs to none.
 */
export function idsOfPartition(partition: string): readonly IdRange[] {
  const groups = partition.split('/').length
  const value = BigInt(partition.replaceAll('/', ''))
  const exact = { from: value, to: value }
  const ten = { from: value * 10n, to: value * 10n + 9n }
  const hundred = { from: value * 100n, to: value * 100n + 99n }
  const ofLength = (range: IdRange, digits: number): IdRange[] =>
    range.from.toString().length === digits ? [range] : []
  switch (groups) {
    case 2:
      return [{ from: -hundred.to, to: value === 0n ? -1n : -hundred.from }]
    case 3:
      return [exact]
    case 4:
      return [...(value >= 1_000_000_000n ? [exact] : []), ...ofLength(ten, 13), ...ofLength(hundred, 14)]
    case 5:
      return [...ofLength(exact, 15), ...ofLength(ten, 16), ...ofLength(hundred, 17)]
    case 6:
      return [...ofLength(exact, 18), ...ofLength(ten, 19)]
    default:
      return []
  }
}
