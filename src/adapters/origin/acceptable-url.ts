/** Which URLs may be fetched at all, before anything is resolved. Pure. */

/**
 * The parsed URL, or null: only http and https, with a host, without credentials.
 *
 * The WHATWG parser also turns odd spellings of IPv4 addresses (`0x7f.1`, `2130706433`, `0177.0.0.1`) into dotted
 * ones, so that the address guard sees what would be connected to.
 */
export function acceptableUrl(text: string, base?: URL): URL | null {
  const url = URL.parse(text, base?.href)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null
  if (url.hostname === '' || url.username !== '' || url.password !== '') return null
  return url
}

/** Hidden services are reached through a proxy that we do not have; asking DNS for them would tell who looks (RFC 7686). */
export function isHiddenService(hostname: string): boolean {
  return /\.(onion|i2p)\.?$/i.test(hostname)
}

/** The host as `net` and DNS want it: IPv6 without brackets, without the dot at the end. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
}
