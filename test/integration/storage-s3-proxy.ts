/** One vice at a time before a real S3 service, as short as a test wants to write it. */
import type { S3Address } from '../../lab/servers/s3-bucket.ts'
import { startS3Dialect, type S3Answer, type S3Request } from '../../lab/servers/s3-dialect.ts'

export { isBulkRemoval, isListing } from '../../lab/servers/s3-vices/recognise.ts'

/** Answers in place of the service (`before`), swallows the request for ever, or changes the service's answer (`after`). */
export interface Vice {
  before?(request: S3Request): { status: number; body: string } | 'silence' | undefined
  after?(request: S3Request, answer: S3Answer): S3Answer
}

export interface SpoiledS3 extends AsyncDisposable {
  readonly address: S3Address
  readonly requests: readonly S3Request[]
  vice: Vice
}

export async function spoilS3(target: S3Address): Promise<SpoiledS3> {
  const proxy = await startS3Dialect(target, [
    async (asked, pass) => {
      const { vice } = spoiled
      const instead = vice.before?.(asked)
      if (instead === 'silence') return instead
      if (instead !== undefined)
        return {
          status: instead.status,
          headers: { 'content-type': 'application/xml' },
          body: Buffer.from(instead.body),
        }
      const answer = await pass(asked)
      return answer === 'silence' ? answer : (vice.after?.(asked, answer) ?? answer)
    },
  ])
  const { address, requests } = proxy
  const spoiled: SpoiledS3 = {
    address,
    requests,
    vice: {},
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
  return spoiled
}

/** An S3 error document. */
export function errorDocument(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`
}
