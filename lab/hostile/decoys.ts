/** Listeners on addresses that nobody may reach: each keeps a picture ready, and whoever connects to it has been caught. */
import { createServer, type Server } from 'node:net'
import { latin1, OK, PICTURE } from './hostile-answer.ts'

export interface Decoys {
  /** The same on all of them. */
  readonly port: number
  /** The addresses they listen on; without `::1` where the machine speaks no IPv6. */
  readonly addresses: readonly string[]
  /** Who came, and how often. */
  visits(): ReadonlyMap<string, number>
  stop(): Promise<void>
}

const ADDRESSES = ['127.0.0.1', '127.66.6.6', '::1'] as const
const PORT_ATTEMPTS = 5

/** They answer with a sound picture, so that who reaches one succeeds and is seen. */
export async function startDecoys(): Promise<Decoys> {
  const visits = new Map<string, number>()
  for (let attempt = 1; ; attempt++) {
    const servers = new Map<string, Server>()
    let port = 0
    try {
      for (const address of ADDRESSES) {
        const server = decoy(() => visits.set(address, (visits.get(address) ?? 0) + 1))
        if (!(await listen(server, address, port))) continue
        servers.set(address, server)
        const bound = server.address()
        port = typeof bound === 'object' ? (bound?.port ?? 0) : 0
      }
    } catch (error) {
      await close(servers)
      if (attempt === PORT_ATTEMPTS) throw error
      continue
    }
    return { port, addresses: [...servers.keys()], visits: () => visits, stop: () => close(servers) }
  }
}

function decoy(note: () => void): Server {
  return createServer((socket) => {
    note()
    socket.on('error', () => {})
    socket.end(
      Buffer.concat([latin1(`${OK}Connection: close\r\nContent-Length: ${PICTURE.length}\r\n\r\n`), PICTURE]),
    )
  })
}

/** False if this machine has no such address. */
function listen(server: Server, host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') resolve(false)
      else reject(error)
    })
    server.listen({ host, port, exclusive: true }, () => resolve(true))
  })
}

async function close(servers: ReadonlyMap<string, Server>): Promise<void> {
  await Promise.all([...servers.values()].map((server) => new Promise((resolve) => server.close(resolve))))
}
