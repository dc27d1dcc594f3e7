/** HTTP message signatures (RFC 9421), by the library that Fedify's servers use. */
import type { webcrypto } from 'node:crypto'

/** What Mastodon covers (app/lib/request.rb, 4.7). */
const COMPONENTS = ['@method', '@target-uri'].map((value) => ({ value, params: {} }))

/** `Host`, `Date`, `Signature-Input` and `Signature` for a GET. The library takes the time of the machine. */
export async function signRfc9421(
  { key, keyId }: { readonly key: webcrypto.CryptoKey; readonly keyId: string },
  url: URL,
): Promise<Readonly<Record<string, string>>> {
  // On first use only: loading it takes a fifth of a second, and few hosts want this form.
  const { signRequest } = await import('@fedify/fedify/sig')
  // The address as it is sent: without a fragment, and without a question mark that no question follows.
  const sent = new URL(url.pathname + url.search, url.origin)
  const signed = await signRequest(new Request(sent), key, new URL(keyId), {
    spec: 'rfc9421',
    rfc9421: { components: COMPONENTS },
  })
  return Object.fromEntries(signed.headers)
}
