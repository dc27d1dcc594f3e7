/** Who signs, and in which form each host wants it. */
import type { Signer } from './open-origin-fetcher.ts'
import { openSigningKey } from './signing-key.ts'
import type { SigningKey } from './signing-key.ts'

/**
 * The two ways to sign an HTTP request: draft-cavage-http-signatures-12, which the fediverse has always spoken, and RFC 9421,
 * which follows it.
 */
export type SignatureForm = 'draft-cavage' | 'rfc9421'

export interface Signatures {
  /** Asked of the server once; null if requests go out unsigned. Rejects with what the asking says, and asks anew then. */
  key(): Promise<SigningKey | null>
  /** The form this host accepted last; the older one if nothing is known. */
  formOf(host: string): SignatureForm
  remember(host: string, form: SignatureForm): void
}

/** Hosts that want the newer form and are kept in mind; of the others nothing needs to be. */
const MAX_HOSTS = 5_000

/** Memory is bounded: the host that was learnt first is forgotten first, and costs one more request when met again. */
export function openSignatures(
  askSigner: (() => Promise<Signer | null>) | null,
  now: () => number,
): Signatures {
  let opened: Promise<SigningKey | null> | undefined
  const modern = new Set<string>()
  return {
    async key() {
      if (askSigner === null) return null
      opened ??= askSigner().then((signer) => (signer === null ? null : openSigningKey(signer, now)))
      try {
        return await opened
      } catch (error) {
        opened = undefined
        throw error
      }
    },
    formOf: (host) => (modern.has(host) ? 'rfc9421' : 'draft-cavage'),
    remember(host, form) {
      modern.delete(host)
      if (form === 'draft-cavage') return
      modern.add(host)
      const [oldest] = modern
      if (modern.size > MAX_HOSTS && oldest !== undefined) modern.delete(oldest)
    },
  }
}
