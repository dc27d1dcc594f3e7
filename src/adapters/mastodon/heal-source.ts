/** Who is in a scope, and what of theirs can be healed. */
import type { Pool } from 'pg'
import type { HealKind, HealScope, HealTarget, PictureKind } from '../../core/model/heal-target.ts'
import type { Kind } from '../../core/model/media.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { HealSource } from '../../core/ports/mastodon.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'
import { accountsInOrder, allAccountsInOrder } from './accounts-in-order.ts'
import { countTargets } from './count-targets.ts'
import { attachmentsOf } from './heal-attachments.ts'
import { cardTargets } from './heal-cards.ts'
import { emojiScope, emojiTargets } from './heal-emoji.ts'
import { pictureTargets } from './heal-pictures.ts'
import { HEAL_SIZES, type HealReading, type HealSizes } from './heal-reading.ts'
import { accountTargetsById } from './queries/account-targets.ts'
import { attachmentTargetsById } from './queries/attachment-targets.ts'
import { cardTargetsById } from './queries/card-targets.ts'
import { emojiTargetsById } from './queries/emoji-targets.ts'
import { LOCAL_ACCOUNT, REMOTE_ACCOUNT } from './queries/named-account.ts'
import { scopeAccounts } from './scope-accounts.ts'
import { accountTargets, attachmentTargets, cardTarget, emojiTarget } from './to-targets.ts'

/** Plain statements only; `sizes` are for tests of the seams between pages. */
export function openHealSource(pool: Pool, schema: SchemaFacts, sizes: HealSizes = HEAL_SIZES): HealSource {
  return {
    async localAccount(username, options) {
      const [row] = await ask(pool, LOCAL_ACCOUNT, [username.replace(/^@/, '')], options)
      return row === undefined ? null : String(row[0])
    },
    async remoteAccount(handle, options) {
      const [, username, domain] = /^@?([^@]+)@([^@]+)$/.exec(handle) ?? []
      if (username === undefined || domain === undefined) return null
      const [row] = await ask(pool, REMOTE_ACCOUNT, [username, domain], options)
      return row === undefined ? null : String(row[0])
    },
    countTargets: (scope, kinds, options) => countTargets({ pool, schema, sizes, options }, scope, kinds),
    async *targets(scope, kinds, options) {
      for await (const page of pagesOf({ pool, schema, sizes, options }, scope, kinds)) {
        const targets = page.filter(isHealable)
        if (targets.length > 0) yield targets
      }
    },
    targetsById: (kind, ids, options) => targetsById(pool, schema, kind, ids, options),
  }
}

async function* pagesOf(
  reading: HealReading,
  scope: HealScope,
  kinds: readonly HealKind[],
): AsyncGenerator<HealTarget[]> {
  const pictures = (['avatar', 'header'] as const).filter((kind) => kinds.includes(kind))
  // Collected once, though pictures, attachments and emoji all need it.
  const accounts = scope.by === 'all' ? null : await scopeAccounts(reading, scope)
  if (pictures.length > 0) {
    const count = Math.max(1, Math.floor(reading.sizes.targets / pictures.length))
    const ids =
      scope.by === 'all' || accounts === null
        ? allAccountsInOrder(reading, count)
        : accountsInOrder(reading, scope, accounts, count)
    yield* pictureTargets(reading, pictures, ids)
  }
  if (kinds.includes('attachment')) yield* attachmentsOf(reading, accounts)
  if (kinds.includes('emoji')) yield* emojiTargets(reading, await emojiScope(reading, scope, accounts))
  if (kinds.includes('card') && scope.by === 'all') yield* cardTargets(reading)
}

/** Names a file, or knows where one is; cards were chosen by their traces. */
function isHealable({ record }: HealTarget): boolean {
  return record.kind === 'card' || record.fileName !== null || record.remoteUrl !== null
}

async function targetsById(
  pool: Pool,
  schema: SchemaFacts,
  kind: Kind,
  ids: readonly string[],
  options: CallOptions | undefined,
): Promise<readonly HealTarget[]> {
  switch (kind) {
    case 'avatar':
    case 'header': {
      const kinds: readonly PictureKind[] = [kind]
      const rows = await ask(pool, accountTargetsById(kinds, schema), [ids], options)
      return rows.flatMap((row) => accountTargets(row, kinds))
    }
    case 'attachment':
    case 'thumbnail': {
      const rows = await ask(pool, attachmentTargetsById(schema), [ids], options)
      return rows.flatMap(attachmentTargets).filter(({ record }) => record.kind === kind)
    }
    case 'emoji':
      return (await ask(pool, emojiTargetsById(schema), [ids], options)).map(emojiTarget)
    case 'card':
      return (await ask(pool, cardTargetsById(schema), [ids], options)).map(cardTarget)
    case 'site-upload':
    case 'backup':
      return []
  }
}
