/** The instance actor's key, and signing with it. */
import { createPrivateKey, webcrypto } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { KnownError } from '../../core/errors.ts'
import type { Signer } from './open-origin-fetcher.ts'
import { signDraftCavage } from './sign-draft-cavage.ts'
import { signRfc9421 } from './sign-rfc9421.ts'
import type { SignatureForm } from './signatures.ts'

export interface SigningKey {
  /** The given headers and those of the signature, for a GET of this address and of no other. */
  sign(
    form: SignatureForm,
    url: URL,
    headers: Readonly<Record<string, string>>,
  ): Promise<Readonly<Record<string, string>>>
}

/**
 * Reads the PEM, PKCS #1 as Mastodon writes it or PKCS #8.
 *
 * @throws KnownError `signing-key-unreadable` for anything but an RSA private key.
 */
export function openSigningKey({ keyId, privateKeyPem }: Signer, now: () => number): SigningKey {
  const key = readRsaKey(privateKeyPem)
  let webKey: Promise<webcrypto.CryptoKey> | undefined
  return {
    async sign(form, url, headers) {
      switch (form) {
        case 'draft-cavage':
          return { ...headers, ...(await signDraftCavage({ key, keyId }, url, headers, now())) }
        case 'rfc9421':
          webKey ??= toWebKey(key)
          return { ...headers, ...(await signRfc9421({ key: await webKey, keyId }, url)) }
      }
    },
  }
}

function readRsaKey(pem: string): KeyObject {
  let cause: unknown
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'rsa') return key
  } catch (error) {
    cause = error
  }
  throw new KnownError({
    code: 'signing-key-unreadable',
    what: 'the private key of the instance actor (account -99) is not an RSA key in PEM form, so requests to other servers cannot be signed',
    remedy:
      'See whether Mastodon itself can still sign: in its Rails console, Account.representative.keypair must not fail',
    cause,
  })
}

async function toWebKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const bytes = key.export({ type: 'pkcs8', format: 'der' })
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  // Extractable, because the library that signs refuses other keys.
  return webcrypto.subtle.importKey('pkcs8', bytes, algorithm, true, ['sign'])
}
