/** One origin of the little fediverse: a listener on a loopback address that counts who comes. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { formOf } from './verify-signature.ts'

/** What an origin saw since it started or since `forget`. */
export interface HostVisits {
  readonly requests: number
  /** Most requests that were open at the same moment. */
  readonly peak: number
  readonly userAgents: readonly string[]
  /** Requests by path, without the query. */
  readonly paths: ReadonlyMap<string, number>
  /** Requests that carried a signature, right or wrong. */
  readonly signed: number
}

export interface FediverseHost {
  readonly index: number
  readonly address: string
  readonly port: number
  /** `http://127.77.0.1:41234`, without a slash at the end. */
  readonly origin: string
  visits(): HostVisits
  /** Sets the counters to zero. */
  forget(): void
}

export interface ListeningHost extends FediverseHost {
  stop(): Promise<void>
}

export type Answer = (
  host: FediverseHost,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void> | void

/** Listens; throws what `listen` throws, so that the caller can choose another port. */
export async function startHost(
  index: number,
  address: string,
  port: number,
  answer: Answer,
): Promise<ListeningHost> {
  let counts = emptyCounts()
  let open = 0
  const server = createServer((request, response) => {
    open++
    count(counts, open, request)
    // Sent in full or cut off, whichever is first: the other side may ask for the next one before `close` comes.
    let over = false
    const leave = (): void => {
      if (!over) open--
      over = true
    }
    response.once('finish', leave).once('close', leave)
    void Promise.resolve(answer(host, request, response)).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined)
    })
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  const bound = await listen(server, address, port)
  const host: ListeningHost = {
    index,
    address,
    port: bound,
    origin: `http://${address}:${bound}`,
    visits: () => ({ ...counts, userAgents: [...counts.userAgents], paths: new Map(counts.paths) }),
    forget() {
      counts = emptyCounts()
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
  return host
}

/** True if this machine has only 127.0.0.1 (macOS), so that hosts must differ by port. */
export function lacksAddress(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRNOTAVAIL'
}

interface Counts {
  requests: number
  peak: number
  signed: number
  readonly userAgents: Set<string>
  readonly paths: Map<string, number>
}

function emptyCounts(): Counts {
  return { requests: 0, peak: 0, signed: 0, userAgents: new Set(), paths: new Map() }
}

function count(counts: Counts, open: number, request: IncomingMessage): void {
  const path = (request.url ?? '/').split('?')[0] ?? '/'
  counts.requests++
  counts.peak = Math.max(counts.peak, open)
  counts.userAgents.add(request.headers['user-agent'] ?? '')
  counts.paths.set(path, (counts.paths.get(path) ?? 0) + 1)
  if (formOf(request) !== null) counts.signed++
}

function listen(server: ReturnType<typeof createServer>, address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: address, port, exclusive: true }, () => {
      server.off('error', reject)
      const bound = server.address()
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port)
    })
  })
}
