/** A proxy before a real S3 store that speaks as another provider would: vices spoil what passes. */
import { Agent, createServer, request, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { S3Address } from './s3-bucket.ts'

export interface S3Request {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface S3Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The connection breaks after so many bytes of the body. */
  readonly breaksAfter?: number
  /** What the header says, where it is not the truth. */
  readonly contentLength?: number
}

/** Asks what is further in: another vice, and last the store. */
export type Pass = (request: S3Request) => Promise<S3Answer | 'silence'>

/** Answers in place of the store, spoils its answer, or never answers. The first of several is nearest to the client. */
export type S3Vice = (request: S3Request, pass: Pass) => Promise<S3Answer | 'silence'>

export interface S3Dialect extends AsyncDisposable {
  readonly address: S3Address
  /** Everything that was asked, vices or not, in order. */
  readonly requests: readonly S3Request[]
  /** May be changed at any time; holds for requests that begin afterwards. */
  vices: readonly S3Vice[]
}

/** Signatures stay valid: what they sign is the proxy's host name, and it is passed on as it came. */
export async function startS3Dialect(target: S3Address, vices: readonly S3Vice[] = []): Promise<S3Dialect> {
  const requests: S3Request[] = []
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const toStore = (asked: S3Request) => forward(target, agent, asked)
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming
      const asked: S3Request = { method, url, headers, body: Buffer.concat(chunks) }
      requests.push(asked)
      const chain = proxy.vices.reduceRight<Pass>((next, vice) => (each) => vice(each, next), toStore)
      chain(asked).then(
        (answer) => deliver(asked, answer, outgoing),
        () => outgoing.destroy(),
      )
    })
  })
  // Stores keep an idle connection for a minute; Node would for five seconds, and reset who asks in that moment.
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy: S3Dialect = {
    address: { ...target, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    requests,
    vices,
    async [Symbol.asyncDispose]() {
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}

function forward(target: S3Address, agent: Agent, asked: S3Request): Promise<S3Answer> {
  const { hostname, port } = new URL(target.endpoint)
  const { method, url: path, headers, body } = asked
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, headers, agent }, (reply) => {
      const parts: Buffer[] = []
      reply.on('data', (part: Buffer) => parts.push(part))
      reply.on('error', reject)
      reply.on('end', () =>
        resolve({ status: reply.statusCode ?? 502, headers: reply.headers, body: Buffer.concat(parts) }),
      )
    })
    outgoing.on('error', (error) => {
      // An idle connection that the store has just closed is no vice of anybody's.
      if (outgoing.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET')
        forward(target, agent, asked).then(resolve, reject)
      else reject(error)
    })
    outgoing.end(body)
  })
}

function deliver(asked: S3Request, answer: S3Answer | 'silence', outgoing: ServerResponse): void {
  if (answer === 'silence') return
  const { status, body, breaksAfter, contentLength } = answer
  const headers = { ...answer.headers }
  if (asked.method !== 'HEAD') {
    delete headers['transfer-encoding']
    headers['content-length'] = String(contentLength ?? body.length)
  }
  outgoing.strictContentLength = false
  outgoing.writeHead(status, headers)
  if (breaksAfter === undefined && contentLength === undefined) {
    outgoing.end(body)
    return
  }
  // Nothing else may come over a connection whose length was a lie.
  outgoing.write(body.subarray(0, breaksAfter), () => outgoing.destroy())
}
