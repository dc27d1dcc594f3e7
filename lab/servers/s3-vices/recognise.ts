/** What a request asks for, and answers a store would write. */
import type { S3Answer, S3Request } from '../s3-dialect.ts'

export function isBulkRemoval({ method, url }: S3Request): boolean {
  return method === 'POST' && /[?&]delete(?:[=&]|$)/.test(url)
}

/** Of one object or version, not of an upload. */
export function isSingleRemoval({ method, url }: S3Request): boolean {
  return method === 'DELETE' && !/[?&]uploadId=/.test(url)
}

/** A copy within the store. */
export function isCopy({ method, headers }: S3Request): boolean {
  return method === 'PUT' && headers['x-amz-copy-source'] !== undefined
}

export function isListing({ method, url }: S3Request): boolean {
  return method === 'GET' && /[?&]list-type=2/.test(url)
}

/** A look at one object, or its bytes. */
export function isLook({ method, url }: S3Request): boolean {
  const [path = '', query = ''] = url.split('?')
  return (
    (method === 'HEAD' || method === 'GET') &&
    path.split('/').length > 2 &&
    !/(?:^|&)(?:list-type|versions|uploads|versioning)/.test(query)
  )
}

/** The name a path-style request is about. */
export function keyOf({ url }: S3Request): string {
  return decodeURIComponent(url.split('?')[0]!.split('/').slice(2).join('/'))
}

/** An error as S3 writes it. */
export function refuse(status: number, code: string): S3Answer {
  const xml = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`
  return { status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(xml) }
}

/** The same answer with another text. */
export function rewrite(answer: S3Answer, change: (xml: string) => string): S3Answer {
  return { ...answer, body: Buffer.from(change(answer.body.toString())) }
}

/** The names in an XML body, in its order: what a bulk removal asks for, what an answer or a listing says. */
export function keysIn(xml: string): string[] {
  return [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, text]) => unescapeXml(text!))
}

function unescapeXml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
}
