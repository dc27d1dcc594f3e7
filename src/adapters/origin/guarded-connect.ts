/**
 * Connecting, with the address guard in the way.
 *
 * A name is resolved once; its addresses are checked; exactly the checked ones are handed to the socket. So a name
 * that answers differently the second time (DNS rebinding) has no second time. Literal addresses are checked here too,
 * because `net` never asks a `lookup` about them.
 */
import { isIP, isIPv6 } from 'node:net'
import type { LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import type { AddressGuard } from './address-guard.ts'
import { bareHost } from './acceptable-url.ts'
import type { Resolve } from './resolve-name.ts'

/** No address of this host may be connected to. */
export class PrivateAddress extends Error {
  readonly host: string

  constructor(host: string) {
    super(`${host} has no public address`)
    this.name = 'PrivateAddress'
    this.host = host
  }
}

/** The name could not be turned into addresses. */
export class NameNotResolved extends Error {
  constructor(host: string, cause: unknown) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
    super(`the name ${host} does not resolve${code}`, { cause })
    this.name = 'NameNotResolved'
  }
}

export interface GuardedConnectOptions {
  readonly guard: AddressGuard
  readonly resolve: Resolve
  /** For TCP and TLS together; resolving has its own limit. */
  readonly timeoutMs: number
}

/** As many as Mastodon tries (app/lib/request.rb): two of each family. */
const ADDRESSES_PER_FAMILY = 2

/** What undici calls for each new connection. Fails with `PrivateAddress`, `NameNotResolved`, or what the socket says. */
export function guardedConnect(options: GuardedConnectOptions): buildConnector.connector {
  return (target, callback) => {
    const host = bareHost(target.hostname)
    checkedAddresses(host, options).then(
      (addresses) => {
        const connect = buildConnector({
          timeout: options.timeoutMs,
          lookup: answerWith(addresses),
          autoSelectFamily: true,
          // Sessions would be kept per connector, and there is one per connection.
          maxCachedSessions: 0,
        })
        connect(target, callback)
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    )
  }
}

/**
 * The public addresses of a host. Others beside them are left aside and not an offence: some networks publish a local
 * IPv6 address next to a public IPv4 one, and Mastodon reaches those too.
 */
async function checkedAddresses(host: string, options: GuardedConnectOptions): Promise<readonly string[]> {
  const all = isIP(host) === 0 ? await resolved(host, options.resolve) : [host]
  const open = all.filter(options.guard)
  if (open.length === 0) throw new PrivateAddress(host)
  const [six, four] = [open.filter(isIPv6), open.filter((address) => !isIPv6(address))]
  return [...six.slice(0, ADDRESSES_PER_FAMILY), ...four.slice(0, ADDRESSES_PER_FAMILY)]
}

async function resolved(host: string, resolve: Resolve): Promise<readonly string[]> {
  try {
    const addresses = (await resolve(host)).filter((address) => isIP(address) !== 0)
    if (addresses.length > 0) return addresses
  } catch (cause) {
    throw new NameNotResolved(host, cause)
  }
  throw new NameNotResolved(host, undefined)
}

/** A `lookup` that knows one answer. */
function answerWith(addresses: readonly string[]): LookupFunction {
  const entries = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
  return (_hostname, options, callback) => {
    const [first] = entries
    if (options.all === true) callback(null, entries)
    else callback(null, first?.address ?? '', first?.family)
  }
}
