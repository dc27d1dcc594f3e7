/** A proxy in front of a real S3 service that may spoil what passes: each test gives it one vice. */
import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { S3Address } from '../../lab/servers/s3-bucket.ts'

export interface ProxiedRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

export interface ProxiedAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Answers in place of the service (`before`), swallows the request for ever, or changes the service's answer (`after`). */
export interface Vice {
  before?(request: ProxiedRequest): { status: number; body: string } | 'silence' | undefined
  after?(request: ProxiedRequest, answer: ProxiedAnswer): ProxiedAnswer
}

export interface SpoiledS3 extends AsyncDisposable {
  readonly address: S3Address
  readonly requests: readonly ProxiedRequest[]
  vice: Vice
}

/** Signatures stay valid: the host name in them is the proxy's, and is passed on as it came. */
export async function spoilS3(target: S3Address): Promise<SpoiledS3> {
  const requests: ProxiedRequest[] = []
  const { hostname, port } = new URL(target.endpoint)
  const server: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const content = Buffer.concat(chunks)
      const asked: ProxiedRequest = {
        method: incoming.method ?? '',
        url: incoming.url ?? '',
        headers: incoming.headers,
      }
      requests.push(asked)
      const answer = spoiled.vice.before?.(asked)
      if (answer === 'silence') return
      if (answer !== undefined) {
        outgoing.writeHead(answer.status, { 'content-type': 'application/xml' }).end(answer.body)
        return
      }
      const forward = request(
        { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
        (reply) => {
          const parts: Buffer[] = []
          reply.on('data', (part: Buffer) => parts.push(part))
          reply.on('end', () => {
            let result: ProxiedAnswer = {
              status: reply.statusCode ?? 502,
              headers: reply.headers,
              body: Buffer.concat(parts),
            }
            result = spoiled.vice.after?.(asked, result) ?? result
            const headers = { ...result.headers }
            if (asked.method !== 'HEAD') {
              delete headers['transfer-encoding']
              headers['content-length'] = String(result.body.length)
            }
            outgoing.writeHead(result.status, headers).end(result.body)
          })
        },
      )
      forward.on('error', () => outgoing.destroy())
      forward.end(content)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const spoiled: SpoiledS3 = {
    address: { ...target, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    requests,
    vice: {},
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return spoiled
}

/** An S3 error document. */
export function errorDocument(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`
}

export function isBulkRemoval({ method, url }: ProxiedRequest): boolean {
  return method === 'POST' && /[?&]delete/.test(url)
}

export function isListing({ method, url }: ProxiedRequest): boolean {
  return method === 'GET' && url.includes('list-type=2')
}
