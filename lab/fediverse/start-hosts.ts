/** All hosts of the little fediverse on one port, or on ports of their own where the machine has one loopback address. */
import { lacksAddress, startHost } from './host.ts'
import type { Answer, ListeningHost } from './host.ts'

/** Some other program may hold the port on one of the addresses: then all move to another port. */
const PORT_ATTEMPTS = 5

/** Starts all of them, or none and throws. */
export async function startHosts(
  options: { readonly hosts: number; readonly port?: number | undefined },
  answer: Answer,
): Promise<readonly ListeningHost[]> {
  for (let attempt = 1; ; attempt++) {
    const hosts: ListeningHost[] = []
    try {
      for (let index = 0; index < options.hosts; index++) {
        hosts.push(await startOne(index, options.port ?? hosts[0]?.port ?? 0, answer))
      }
      return hosts
    } catch (error) {
      await Promise.all(hosts.map((host) => host.stop()))
      if (options.port !== undefined || attempt === PORT_ATTEMPTS) throw error
    }
  }
}

async function startOne(index: number, port: number, answer: Answer): Promise<ListeningHost> {
  const number = index + 1
  try {
    return await startHost(index, `127.77.${number >> 8}.${number & 0xff}`, port, answer)
  } catch (error) {
    if (!lacksAddress(error)) throw error
    return startHost(index, '127.0.0.1', 0, answer)
  }
}
