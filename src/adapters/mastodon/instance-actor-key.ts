/** What the server signs its own requests with. */
import type { Pool } from 'pg'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'

/**
 * The instance actor is the account -99. Up to 4.6 its key is plain PEM in `accounts.private_key`; later it may stand
 * encrypted in `keypairs`, where only Rails can read it: then null (docs/mastodon.md#instance-actor).
 */
export async function readInstanceActorKey(pool: Pool, options?: CallOptions): Promise<string | null> {
  const [row] = await ask(pool, 'SELECT private_key FROM accounts WHERE id = -99', [], options)
  const key = row?.[0]
  return typeof key === 'string' && /^\s*-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key) ? key : null
}
