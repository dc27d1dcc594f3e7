/** Every file an unbroken instance holds, computed again from its world. */
import { allAccounts } from './rows/account-rows.ts'
import type { LabAccount } from './accounts.ts'
import { allAttachments } from './attachments.ts'
import { allCards } from './cards.ts'
import { allEmoji } from './emoji.ts'
import { keyOf, stylesOf, type LabKind, type Placed } from './keys.ts'
import { protectedFiles } from './protected-files.ts'
import type { StoredFile } from './stored-file.ts'
import type { World } from './world.ts'

/** A row's file, wherever the row stands: what claims, findings and files are made from. */
export interface RowFile {
  readonly kind: LabKind
  readonly id: string
  /** True unless Mastodon calls the record local. */
  readonly remote: boolean
  /** Of the remote owner; null for local media and for kinds without an owner. */
  readonly domain: string | null
  /** The owner is suspended or the status is deleted but kept: the file carries mode 0600. */
  readonly closed: boolean
  readonly file: StoredFile
  readonly siteVar?: string | undefined
}

/** One file of a row: one style. */
export interface Claim {
  readonly kind: LabKind
  readonly id: string
  readonly style: string
  readonly key: string
  /** Measured, not what the row states: they agree for `original` until something is broken. */
  readonly bytes: number
  readonly contentType: string
  readonly remote: boolean
  readonly domain: string | null
  readonly closed: boolean
  /** When it was written. */
  readonly modifiedAtMs: number
  readonly content: Buffer
}

/** Every row of every kind, in no particular order; rows that name nothing included. */
export function* rowFilesOf(world: World, kinds?: readonly LabKind[]): Generator<RowFile> {
  const wants = (...any: readonly LabKind[]) =>
    kinds === undefined || any.some((kind) => kinds.includes(kind))
  const all = (function* () {
    if (wants('avatar', 'header')) for (const account of allAccounts(world)) yield* profileFiles(account)
    if (wants('attachment', 'thumbnail'))
      for (const attachment of allAttachments(world)) yield* attachment.files
    if (wants('emoji')) yield* allEmoji(world)
    if (wants('card')) yield* allCards(world)
    yield* protectedFiles(world)
  })()
  for (const file of all) if (wants(file.kind)) yield file
}

/** The two files of an account. */
function profileFiles(account: LabAccount): readonly RowFile[] {
  const shared = {
    id: account.id,
    remote: account.domain !== null,
    domain: account.domain,
    closed: account.suspendedAtMs !== null,
  }
  return [
    { kind: 'avatar', ...shared, file: account.avatar },
    { kind: 'header', ...shared, file: account.header },
  ]
}

/** Every file in storage, those of chosen kinds only where `kinds` is given. */
export function* claimsOf(world: World, kinds?: readonly LabKind[]): Generator<Claim> {
  for (const row of rowFilesOf(world, kinds)) yield* claimsOfRow(row)
}

function* claimsOfRow(row: RowFile): Generator<Claim> {
  const { fileName, contentType, version, picture, assignedAtMs } = row.file
  if (fileName === null || fileName === '' || picture === null) return
  const placed: Placed = { ...row, version, fileName, contentType }
  for (const style of stylesOf(placed)) {
    const content = style.name === 'original' ? picture.original : picture.derived
    yield {
      kind: row.kind,
      id: row.id,
      style: style.name,
      key: keyOf(placed, style),
      bytes: content.length,
      contentType: style.extension === 'png' ? 'image/png' : (contentType ?? 'application/octet-stream'),
      remote: row.remote,
      domain: row.domain,
      closed: row.closed,
      modifiedAtMs: assignedAtMs ?? 0,
      content,
    }
  }
}
