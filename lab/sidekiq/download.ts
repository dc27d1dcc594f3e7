/** One picture from its origin, with plain HTTP and Mastodon's three redirects (docs/mastodon.md#requests). */
import { get } from 'node:http'

/** What Mastodon raises for a status other than 2xx. */
export class UnexpectedResponse extends Error {
  readonly status: number
  constructor(status: number) {
    super(`Mastodon::UnexpectedResponseError: ${status}`)
    this.status = status
  }
  /** The workers give up quietly: every 4xx but 401, 408 and 429, and 501. */
  get unsalvageable(): boolean {
    const { status } = this
    return status === 501 || (status >= 400 && status < 500 && ![401, 408, 429].includes(status))
  }
}

const TIMEOUT_MS = 10_000

export async function download(url: string, redirects = 3): Promise<Uint8Array> {
  const { status, location, body } = await request(url)
  if (status >= 300 && status < 400 && location !== undefined) {
    if (redirects === 0) throw new Error('HTTP::Redirector::TooManyRedirectsError')
    return download(new URL(location, url).href, redirects - 1)
  }
  if (status < 200 || status >= 300) throw new UnexpectedResponse(status)
  return body
}

function request(url: string): Promise<{ status: number; location: string | undefined; body: Uint8Array }> {
  return new Promise((resolve, reject) => {
    const call = get(url, { agent: false, timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          location: response.headers.location,
          body: Buffer.concat(chunks),
        }),
      )
    })
    call.on('timeout', () => call.destroy(new Error('HTTP::TimeoutError')))
    call.on('error', reject)
  })
}
