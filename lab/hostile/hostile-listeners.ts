/** Listeners that misbehave before anybody has asked for anything, each on a port of its own. Plain HTTP cannot do that. */
import { generateKeyPairSync } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { drip, latin1, OK, PICTURE } from './hostile-answer.ts'

/** Where each of them is, as `127.77.200.1:4711`. */
export interface Listeners {
  /** Answers the moment somebody connects, before the question; on the decoys' port, but where one may come */
  readonly hasty: string
  /** Sends everybody to `mind.example` on the decoys' port */
  readonly sendsOn: string
  /** Takes the connection and closes it */
  readonly closes: string
  /** Takes the connection and resets it */
  readonly resets: string
  /** Takes the connection, reads everything and says nothing */
  readonly mute: string
  /** Greets as a mail server does, and waits for a greeting */
  readonly mail: string
  /** Greets as SSH does */
  readonly shell: string
  /** Talks at once and without end, never a head */
  readonly chatty: string
  /** A byte every tenth of a second, from the moment somebody connects */
  readonly drips: string
  /** Speaks TLS, without a certificate that anybody could accept */
  readonly tls: string
  /** Nobody listens there */
  readonly nobody: string
}

export interface OpenListeners {
  readonly at: Listeners
  /** Most connections open at the same moment at one of them. */
  peak(): number
  stop(): Promise<void>
}

const ADDRESS = '127.77.200.1'
const WHOLE = Buffer.concat([
  latin1(`${OK}Connection: close\r\nContent-Length: ${PICTURE.length}\r\n\r\n`),
  PICTURE,
])

/** Starts all of them. */
export async function startListeners(decoyPort: number): Promise<OpenListeners> {
  const stopping = new AbortController()
  const opened: { readonly server: Server; readonly sockets: Set<Socket> }[] = []
  let peak = 0
  const open = async (
    welcome: (socket: Socket) => void,
    { server = createServer(), port = 0 }: { readonly server?: Server; readonly port?: number } = {},
  ): Promise<string> => {
    const sockets = new Set<Socket>()
    opened.push({ server, sockets })
    server.on('connection', (socket) => {
      sockets.add(socket)
      peak = Math.max(peak, sockets.size)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
      socket.resume()
      welcome(socket)
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, ADDRESS, resolve)
    })
    const bound = server.address()
    return `${ADDRESS}:${typeof bound === 'object' ? bound?.port : ''}`
  }
  const drips = (socket: Socket): void => void drip(socket, WHOLE, 100, stopping.signal)
  const at: Listeners = {
    hasty: await open((socket) => socket.end(WHOLE), { port: decoyPort }),
    sendsOn: await open((socket) =>
      socket.end(
        `HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: //mind.example:${decoyPort}/\r\nContent-Length: 0\r\n\r\n`,
      ),
    ),
    closes: await open((socket) => socket.end()),
    resets: await open((socket) => socket.resetAndDestroy()),
    mute: await open(() => {}),
    mail: await open((socket) => socket.write('220 mail.example ESMTP\r\n')),
    shell: await open((socket) => socket.write('SSH-2.0-OpenSSH_9.9\r\n')),
    chatty: await open((socket) => {
      const talk = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 'and so on ')));
      }
      socket.on('drain', talk)
      talk()
    }),
    drips: await open(drips),
    tls: await open(() => {}, { server: strangeTls() }),
    nobody: await vacant(),
  }
  return {
    at,
    peak: () => peak,
    async stop() {
      stopping.abort()
      await Promise.all(
        opened.map(({ server, sockets }) => {
          for (const socket of sockets) socket.destroy()
          return new Promise((resolve) => server.close(resolve))
        }),
      )
    },
  }
}

/** A server with a key and no certificate: every handshake fails on its side, after it has begun. */
function strangeTls(): Server {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server = createTlsServer({ key: privateKey.export({ type: 'pkcs8', format: 'pem' }) })
  server.on('tlsClientError', () => {})
  return server
}

/** A port that was free a moment ago. */
async function vacant(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve))
  const bound = server.address()
  await new Promise((resolve) => server.close(resolve))
  return `${ADDRESS}:${typeof bound === 'object' ? bound?.port : ''}`
}
