/**
 * DeleteObjects must carry a checksum. The SDK sends CRC32, which stores older than 2025 do not know: Swift's s3api
 * refuses the request for want of Content-MD5. Content-MD5 is understood by all of them, Amazon included.
 */
import { createHash } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'

interface Outgoing {
  headers: Record<string, string>
  body?: unknown
}

/** Replaces the SDK's checksum headers on DeleteObjects; before the request is signed, after the SDK set them. */
export function useContentMd5(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => (args) => {
      const request = args.request as Outgoing
      if (context['commandName'] === 'DeleteObjectsCommand') {
        for (const name of Object.keys(request.headers))
          if (/^x-amz-(?:sdk-)?checksum-/i.test(name)) delete request.headers[name]
        const body = request.body as string | Uint8Array
        request.headers['content-md5'] = createHash('md5').update(body).digest('base64')
      }
      return next(args)
    },
    { step: 'build', priority: 'low', name: 'contentMd5' },
  )
}
