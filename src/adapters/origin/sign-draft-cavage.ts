/**
 * HTTP signatures as the fediverse has always written them: draft-cavage-http-signatures-12, RSA PKCS #1 v1.5 with SHA-256.
 *
 * Written out here, because the signing library leaves the query out of `(request-target)`: an actor at `/?author=1`, where
 * WordPress has them, would refuse every request.
 */
import { sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promisify } from 'node:util'

const signAside = promisify<string, Buffer, KeyObject, Buffer>(sign)

/** What a cache or a proxy may change on the way is not covered; the same headers as in Mastodon (app/lib/request.rb). */
const NOT_COVERED = ['user-agent', 'accept-encoding']

/** `Host`, `Date` and `Signature` for a GET. Header names are lower case. */
export async function signDraftCavage(
  { key, keyId }: { readonly key: KeyObject; readonly keyId: string },
  url: URL,
  headers: Readonly<Record<string, string>>,
  nowMs: number,
): Promise<Readonly<Record<string, string>>> {
  const own = { host: url.host, date: new Date(nowMs).toUTCString() }
  const covered = Object.entries({ ...own, ...headers }).filter(([name]) => !NOT_COVERED.includes(name))
  const lines = [...covered, ['(request-target)', `get ${url.pathname}${url.search}`] as const]
  const text = lines.map(([name, value]) => `${name}: ${value}`).join('\n')
  const signature = (await signAside('sha256', Buffer.from(text), key)).toString('base64')
  const names = lines.map(([name]) => name).join(' ')
  return {
    ...own,
    signature: `keyId="${keyId}",algorithm="rsa-sha256",headers="${names}",signature="${signature}"`,
  }
}
