/** Names to addresses: the hosts file first (as Mastodon 4.6 does), then DNS. */
import { Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'

/** All addresses of a name, IPv4 and IPv6. Rejects if it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>

export interface ResolveOptions {
  /** For the whole answer, all attempts and both families. */
  readonly timeoutMs: number
  readonly hostsFile: string
}

/**
 * Asks DNS directly and not through `getaddrinfo`: that occupies one of the four threads of Node's pool for as long as a
 * dead name server stays silent, and images are decoded on the same threads.
 */
export function openResolve(options: ResolveOptions): Resolve {
  let hosts: Promise<ReadonlyMap<string, readonly string[]>> | undefined
  return async (host) => {
    // RFC 6761, section 6.3: never a question for DNS.
    if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1', '::1']
    hosts ??= readHosts(options.hostsFile)
    return (await hosts).get(host) ?? (await askDns(host, options.timeoutMs))
  }
}

async function askDns(host: string, timeoutMs: number): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: Math.ceil(timeoutMs / 2), tries: 2 })
  const timer = setTimeout(() => resolver.cancel(), timeoutMs)
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  clearTimeout(timer)
  const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  const failed = answers.find((answer) => answer.status === 'rejected')
  if (addresses.length === 0 && failed !== undefined) throw failed.reason
  return addresses
}

/** A missing or unreadable hosts file names nobody. */
async function readHosts(path: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const hosts = new Map<string, string[]>()
  const text = await readFile(path, 'utf8').catch(() => '')
  for (const line of text.split('\n')) {
    const [address = '', ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/)
    if (isIP(address) === 0) continue
    for (const name of names)
      hosts.set(name.toLowerCase(), [...(hosts.get(name.toLowerCase()) ?? []), address])
  }
  return hosts
}
