/**
 * Which addresses may be connected to. Pure.
 *
 * The ranges are those Mastodon refuses (app/lib/private_address_check.rb, docs/mastodon.md#requests): an admin who knows
 * what Mastodon can reach knows what we can reach.
 */
import ipaddr from 'ipaddr.js'
import { KnownError } from '../../core/errors.ts'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Range = readonly [Address, number]

const BLOCKED: readonly Range[] = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private (RFC 1918)
  '100.64.0.0/10', // carrier-grade NAT
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local, and the metadata services of clouds
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, with broadcast
  '::/128', // unspecified
  '::1/128', // loopback
  '64:ff9b::/96', // NAT64: an IPv4 address in disguise
  '64:ff9b:1::/48', // NAT64, local use
  '100::/64', // discard
  '2001::/32', // Teredo
  '2001:10::/28', // ORCHID
  '2001:20::/28', // ORCHIDv2
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4
  '3fff::/20', // documentation
  'fc00::/7', // unique local
  'fe80::/10', // link-local
  'ff00::/8', // multicast
].map((range) => ipaddr.parseCIDR(range))

/** True if the address may be connected to. An address that cannot be read may not. */
export type AddressGuard = (address: string) => boolean

/**
 * A guard with the exceptions of `ALLOWED_PRIVATE_ADDRESSES`: CIDRs or single addresses.
 *
 * @throws KnownError `bad-address-range` for an exception that is neither.
 */
export function addressGuard(allowedPrivateRanges: readonly string[]): AddressGuard {
  const allowed = allowedPrivateRanges.map(readRange)
  return (text) => {
    if (!ipaddr.isValid(text)) return false
    const address = unwrap(ipaddr.parse(text))
    return lies(address, allowed) || !lies(address, BLOCKED)
  }
}

function lies(address: Address, ranges: readonly Range[]): boolean {
  return ranges.some(([start, bits]) => address.kind() === start.kind() && address.match(start, bits))
}

const COMPATIBLE = ipaddr.parseCIDR('::/96')

/** IPv4-mapped (`::ffff:a.b.c.d`) and IPv4-compatible (`::a.b.c.d`) addresses reach the IPv4 address in them. */
function unwrap(address: Address): Address {
  if (!(address instanceof ipaddr.IPv6)) return address
  if (address.isIPv4MappedAddress()) return address.toIPv4Address()
  const low = address.toByteArray().slice(12)
  const isOwn = low.slice(0, 3).every((byte) => byte === 0) && (low[3] ?? 0) <= 1
  return lies(address, [COMPATIBLE]) && !isOwn ? new ipaddr.IPv4(low) : address
}

function readRange(text: string): Range {
  try {
    if (text.includes('/')) {
      const [start, bits] = ipaddr.parseCIDR(text)
      return [start, bits]
    }
    const address = unwrap(ipaddr.parse(text))
    return [address, address.kind() === 'ipv4' ? 32 : 128]
  } catch (cause) {
    throw new KnownError({
      code: 'bad-address-range',
      what: `ALLOWED_PRIVATE_ADDRESSES contains "${text}", which is neither an address nor a range`,
      remedy: 'Write it as 10.1.2.3 or 10.1.0.0/16, several separated by commas',
      category: 'usage',
      cause,
    })
  }
}
