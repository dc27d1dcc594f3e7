/** How each vice answers one request. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { gzipBomb, oddFile } from './odd-files.ts'
import type { Picture } from './pictures.ts'
import { formOf, signatureFault } from './verify-signature.ts'
import type { KnownSigner } from './verify-signature.ts'
import type { Vice } from './vices.ts'

export interface Misbehaviour {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** What a healthy origin would send. */
  readonly healthy: () => Promise<Picture>
  /** Whose signatures count; null: anybody's, unseen. */
  readonly signer: KnownSigner | null
  /** Ends when the lab stops. */
  readonly signal: AbortSignal
}

const CHUNK = Buffer.alloc(64 * 1024, 0x20)

/** Answers, or deliberately does not. `moved`, `no-picture` and `actor-moved` reach this only at the old address. */
export async function misbehave(
  vice: Vice,
  { request, response, healthy, signer, signal }: Misbehaviour,
): Promise<void> {
  switch (vice.kind) {
    case 'status':
      response.writeHead(vice.status, vice.retryAfter === undefined ? {} : { 'retry-after': vice.retryAfter })
      response.end()
      return
    case 'moved':
    case 'no-picture':
      response.writeHead(404).end()
      return
    case 'actor-moved':
      response.writeHead(vice.status).end()
      return
    case 'webfinger-elsewhere':
      response.writeHead(404).end()
      return
    case 'tombstone':
    case 'other-id':
    case 'suspended':
    case 'pictures-as':
    case 'actor-fields':
      return send(response, await healthy())
    case 'needs-signature': {
      const foreign = vice.form !== undefined && formOf(request) !== vice.form
      const fault = foreign ? `Only ${vice.form} is understood here` : signatureFault(request, signer)
      if (fault === null) return send(response, await healthy())
      response.writeHead(401).end(fault)
      return
    }
    case 'silent':
      return
    case 'hangs-up':
      response.destroy()
      return
    case 'babbles':
      request.socket.end('Guten Tag. Hier gibt es keine Bilder.\r\n\r\n')
      return
    case 'slow':
      return drip(response, await healthy(), vice.bytesPerSecond, signal)
    case 'stalls':
    case 'truncated':
    case 'reset':
      return sendHalf(response, await healthy(), vice.kind)
    case 'redirects':
      return redirectOnce(request, response, vice.hops, healthy)
    case 'redirect-loop':
      return redirect(response, request.url ?? '/')
    case 'redirect-to':
      return redirect(response, vice.location)
    case 'redirect-nowhere':
      response.writeHead(302).end()
      return
    case 'wrong-type':
      return send(response, { ...(await healthy()), contentType: vice.contentType })
    case 'page':
      return send(response, { bytes: PAGE, contentType: 'text/html; charset=utf-8' })
    case 'file':
      return send(response, await oddFile(vice.file))
    case 'bytes': {
      const contentType = vice.contentType ?? 'image/png'
      return send(response, { bytes: Buffer.from(await vice.bytes()), contentType })
    }
    case 'raw':
      return vice.answer(request.socket, signal)
    case 'huge':
      response.writeHead(200, { 'content-type': 'image/png', 'content-length': vice.bytes })
      return pour(response, vice.bytes)
    case 'endless':
      response.writeHead(200, { 'content-type': 'image/png' })
      return pour(response, Infinity)
    case 'gzip': {
      const { bytes, contentType } = await healthy()
      return sendEncoded(response, gzipSync(bytes), contentType)
    }
    case 'gzip-bomb':
      return sendEncoded(response, gzipBomb(), 'image/png')
  }
}

const PAGE = Buffer.from(
  '<!DOCTYPE html>\n<html><title>This domain is for sale</title><p>Make an offer.</html>\n',
)

/** The healthy answer. */
export function send(response: ServerResponse, { bytes, contentType }: Picture): void {
  response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length })
  response.end(bytes)
}

function sendEncoded(response: ServerResponse, bytes: Buffer, contentType: string): void {
  response.writeHead(200, {
    'content-type': contentType,
    'content-encoding': 'gzip',
    'content-length': bytes.length,
  })
  response.end(bytes)
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end()
}

/** Counts down in the query: `?hops=2`, `?hops=1`, then the picture. */
async function redirectOnce(
  request: IncomingMessage,
  response: ServerResponse,
  hops: number,
  healthy: () => Promise<Picture>,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://origin')
  const left = Number(url.searchParams.get('hops') ?? hops)
  if (left <= 0) return send(response, await healthy())
  redirect(response, `${url.pathname}?hops=${left - 1}`)
}

async function drip(
  response: ServerResponse,
  { bytes, contentType }: Picture,
  bytesPerSecond: number,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length })
  const drop = Math.max(1, Math.round(bytesPerSecond / 20))
  let at = 0
  for (; at + drop < bytes.length && !response.closed; at += drop) {
    response.write(bytes.subarray(at, at + drop))
    await sleep(50, undefined, { signal }).catch(() => response.destroy())
  }
  response.end(bytes.subarray(at))
}

function sendHalf(
  response: ServerResponse,
  { bytes, contentType }: Picture,
  then: 'stalls' | 'truncated' | 'reset',
): void {
  response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length })
  response.write(bytes.subarray(0, bytes.length >> 1), () => {
    if (then === 'truncated') response.socket?.end()
    if (then === 'reset') response.socket?.resetAndDestroy()
  })
}

/** Writes as fast as the other side takes it, and stops when it leaves. */
async function pour(response: ServerResponse, bytes: number): Promise<void> {
  for (let left = bytes; left > 0 && !response.closed; left -= CHUNK.length) {
    const part = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK
    if (response.write(part)) await sleep(0)
    else await drainedOrClosed(response)
  }
  response.end()
}

function drainedOrClosed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
    if (response.closed) done()
  })
}
