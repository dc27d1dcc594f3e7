/**
 * Verifies signed GETs as other servers do, both forms, by hand: whoever checks must not share code with whoever signs.
 *
 * What Mastodon demands (app/lib/signed_request.rb): the request target and `Date` or a creation time covered, not older than
 * twelve hours, not more than an hour ahead.
 */
import { createPublicKey, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** What of a request a signature can cover. */
export type SignedRequest = Pick<IncomingMessage, 'method' | 'url' | 'headers'>

export type SignatureForm = 'draft-cavage' | 'rfc9421'

/** Whose signature an origin accepts. */
export interface KnownSigner {
  readonly publicKeyPem: string
  /** If given, `keyId` has to be this. */
  readonly keyId?: string | undefined
}

const [MAX_AGE_MS, MAX_AHEAD_MS] = [12 * 3_600_000, 3_600_000]

/** Which form a request carries, verified or not; null if it is not signed. */
export function formOf(request: SignedRequest): SignatureForm | null {
  if (request.headers['signature-input'] !== undefined) return 'rfc9421'
  return request.headers.signature === undefined ? null : 'draft-cavage'
}

/** Null if the signature is right, else what is wrong with it. `signer` null: anybody's, only its shape is read. */
export function signatureFault(request: SignedRequest, signer: KnownSigner | null): string | null {
  const form = formOf(request)
  if (form === null) return 'Request not signed'
  if (signer === null) return null
  const read = form === 'rfc9421' ? readRfc9421(request) : readDraft(request)
  if (typeof read === 'string') return read
  if (signer.keyId !== undefined && read.keyId !== signer.keyId) return `Unknown key ${read.keyId}`
  const ageMs = Date.now() - read.atMs
  if (!(ageMs <= MAX_AGE_MS && ageMs >= -MAX_AHEAD_MS)) return 'Signed too long ago or in the future'
  const key: KeyObject = createPublicKey(signer.publicKeyPem)
  const right = verify('sha256', Buffer.from(read.text), key, Buffer.from(read.signature, 'base64'))
  return right ? null : `Verification failed for ${JSON.stringify(read.text)}`
}

interface Read {
  readonly keyId: string
  readonly atMs: number
  /** What must have been signed. */
  readonly text: string
  readonly signature: string
}

function readDraft(request: SignedRequest): Read | string {
  const fields = new Map<string, string>()
  for (const [, name = '', value = ''] of String(request.headers.signature).matchAll(/(\w+)="([^"]*)"/g))
    fields.set(name, value)
  const names = (fields.get('headers') ?? 'date').split(' ')
  for (const name of ['(request-target)', 'date', 'host'])
    if (!names.includes(name)) return `Mastodon requires ${name} to be signed`
  if (fields.get('algorithm') !== 'rsa-sha256') return 'Unsupported signature algorithm'
  const lines = names.map((name) => {
    const target = `${request.method?.toLowerCase()} ${request.url}`
    return `${name}: ${name === '(request-target)' ? target : String(request.headers[name])}`
  })
  return {
    keyId: fields.get('keyId') ?? '',
    atMs: Date.parse(String(request.headers.date)),
    text: lines.join('\n'),
    signature: fields.get('signature') ?? '',
  }
}

/** One signature of the two derived components that Mastodon demands; others may be covered beside them. */
function readRfc9421(request: SignedRequest): Read | string {
  const input = /^(\w+)=(\(([^)]*)\);.*)$/.exec(String(request.headers['signature-input']))
  const value = /^(\w+)=:([^:]*):$/.exec(String(request.headers.signature))
  if (input === null || value === null || input[1] !== value[1]) return 'Error parsing signature parameters'
  const [parameters = '', components = ''] = [input[2], input[3]]
  const names = components.split(' ').map((name) => name.replaceAll('"', ''))
  for (const name of ['@method', '@target-uri'])
    if (!names.includes(name)) return `Mastodon requires the ${name} derived component to be signed`
  const derived = new Map([
    ['@method', request.method ?? ''],
    ['@target-uri', `http://${request.headers.host}${request.url}`],
    ['@authority', request.headers.host ?? ''],
  ])
  const lines = names.map((name) => `"${name}": ${derived.get(name) ?? String(request.headers[name])}`)
  return {
    keyId: /;keyid="([^"]*)"/.exec(parameters)?.[1] ?? '',
    atMs: Number(/;created=(\d+)/.exec(parameters)?.[1]) * 1000,
    text: [...lines, `"@signature-params": ${parameters}`].join('\n'),
    signature: value[2] ?? '',
  }
}
