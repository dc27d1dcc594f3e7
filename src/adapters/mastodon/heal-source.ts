/** Who is in a scope, and what of theirs can be healed. */
import type { Pool } from 'pg'
import type { PictureKind } from '../../core/model/account-picture.ts'
import type { HealKind, HealScope, HealTarget } from '../../core/model/heal-target.ts'
import type { Kind } from '../../core/model/media.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { HealSource } from '../../core/ports/mastodon.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'
import { accountsInOrder, allAccountsInOrder, type AccountWalk } from './accounts-in-order.ts'
import { countTargets } from './count-targets.ts'
import { attachmentsOf } from './heal-attachments.ts'
import { cardTargets } from './heal-cards.ts'
import { emojiScope, emojiTargets } from './heal-emoji.ts'
import { pictureTargets } from './heal-pictures.ts'
import { accountTargetsById } from './queries/account-targets.ts'
import { attachmentTargetsById } from './queries/attachment-targets.ts'
import { cardTargetsById } from './queries/card-targets.ts'
import { emojiTargetsById } from './queries/emoji-targets.ts'
import { LOCAL_ACCOUNT, REMOTE_ACCOUNT } from './queries/named-account.ts'
import { scopeAccounts } from './scope-accounts.ts'
import { accountTargets, attachmentTargets, cardTarget, emojiTarget, isHealable } from './to-targets.ts'

/** Targets in one page, at most. */
const PAGE_TARGETS = 1_000

/** `pageTargets` at least 2; an account row may give two targets. */
export function openHealSource(pool: Pool, schema: SchemaFacts, pageTargets = PAGE_TARGETS): HealSource {
  return {
    async localAccount(username, options) {
      const [row] = await ask(pool, LOCAL_ACCOUNT, [username.replace(/^@/, '')], options)
      return row === undefined ? null : String(row[0])
    },
    async remoteAccount(handle, options) {
      const [, username, domain] = /^@?([^@]+)@([^@]+)$/.exec(handle.trim()) ?? []
      if (username === undefined || domain === undefined) return null
      const [row] = await ask(pool, REMOTE_ACCOUNT, [username, domain], options)
      return row === undefined ? null : String(row[0])
    },
    countTargets: (scope, kinds, options) => countTargets(pool, schema, scope, kinds, options),
    async *targets(scope, kinds, options) {
      for await (const page of pagesOf(pool, schema, scope, kinds, pageTargets, options)) {
        const targets = page.filter((target) => target.record.kind === 'card' || isHealable(target))
        if (targets.length > 0) yield targets
      }
    },
    targetsById: (kind, ids, options) => targetsById(pool, schema, kind, ids, options),
  }
}

async function* pagesOf(
  pool: Pool,
  schema: SchemaFacts,
  scope: HealScope,
  kinds: readonly HealKind[],
  pageTargets: number,
  options: CallOptions | undefined,
): AsyncGenerator<HealTarget[]> {
  const pictures = (['avatar', 'header'] as const).filter((kind) => kinds.includes(kind))
  const walk = (targetsPerRow: number): AccountWalk => {
    return { pool, schema, pageRows: Math.max(1, Math.floor(pageTargets / targetsPerRow)), options }
  }
  // Asked once, though pictures, attachments and emoji all need it. Every account there is would be no question.
  const accounts = scope.by === 'all' ? null : await scopeAccounts(pool, schema, scope, options)
  if (pictures.length > 0) {
    const pages = walk(pictures.length)
    const ids =
      scope.by === 'all' || accounts === null
        ? allAccountsInOrder(pages)
        : accountsInOrder(pages, scope, accounts)
    yield* pictureTargets(pages, pictures, ids)
  }
  if (kinds.includes('attachment')) yield* attachmentsOf(walk(2), accounts)
  if (kinds.includes('emoji')) {
    const domains = await emojiScope(pool, scope, accounts, options)
    yield* emojiTargets(pool, schema, domains, pageTargets, options)
  }
  if (kinds.includes('card') && scope.by === 'all') yield* cardTargets(pool, schema, pageTargets, options)
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
