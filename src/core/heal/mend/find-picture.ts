/**
 * Where a picture can come from, in order: the address the row knows; if that has it no more, the address its owner's own
 * document gives today; if that document has moved, wherever webfinger says it is. A card's image comes from its page.
 */
import type { FailReason, HealedFrom } from '../../model/heal-outcome.ts'
import type { HealTarget, Owner } from '../../model/heal-target.ts'
import type { ActorOutcome, RemoteActor } from '../../ports/origin.ts'
import type { CallOptions } from '../../ports/storage.ts'
import type { MendPorts, MendRun } from './mend-ports.ts'
import type { Failure } from '../memory/record-book.ts'
import { exchangeFailed, hostOf, restingFailure, tryAddress, type Made, type Tried } from './try-address.ts'
import { blamesHost } from '../memory/verdict.ts'

type Ports = Pick<MendPorts, 'origin' | 'images'>

export type Found =
  | {
      readonly kind: 'made'
      readonly made: Made
      readonly from: Extract<HealedFrom, 'stored-url' | 'new-url'>
      /** Where it was found. */
      readonly url: string
    }
  | Exclude<Tried, { kind: 'made' }>

export async function findPicture(
  ports: Ports,
  run: MendRun,
  target: HealTarget,
  options: CallOptions,
): Promise<Found> {
  const { record, owner, page } = target
  if (page !== null) return readFromPage(ports, run, target, page, options)
  if (record.remoteUrl === null) {
    if (owner === null) return { kind: 'failed', failure: nowhere('the row knows no address') }
    return askOwner(ports, run, target, owner, null, options)
  }
  const tried = await tryAddress(ports, run, target, record.remoteUrl, options)
  if (tried.kind === 'made') return { ...tried, from: 'stored-url' }
  if (tried.kind === 'needs-mastodon') return tried
  const { failure } = tried
  const hasDocument = owner !== null && (record.kind === 'avatar' || record.kind === 'header')
  if (!hasDocument || !mayHaveMoved(failure.reason, record.remoteUrl, owner)) return tried
  return askOwner(ports, run, target, owner, failure, options)
}

/**
 * Whether the owner's document may know better. Refusals and odd answers count as "gone": buckets answer 403 for absent
 * keys, parked domains a page for everything. A host in trouble counts only if the document lives elsewhere.
 */
function mayHaveMoved(reason: FailReason, url: string, owner: Owner): boolean {
  switch (reason) {
    case 'gone':
    case 'refused':
    case 'bad-url':
    case 'too-many-redirects':
    case 'wrong-type':
    case 'private-address':
      return true
    case 'unreachable':
    case 'timeout':
      return owner.uri !== null && hostOf(owner.uri) !== hostOf(url)
    case 'none':
    case 'unavailable':
    case 'too-large':
    case 'too-many-pixels':
    case 'broken-image':
    case 'image-timeout':
    case 'worker-gave-up':
    case 'worker-pending':
      return false
  }
}

/** `first` is what the stored address gave; null if the row knows none. */
async function askOwner(
  ports: Ports,
  run: MendRun,
  target: HealTarget,
  owner: Owner,
  first: Failure | null,
  options: CallOptions,
): Promise<Found> {
  const asked = await currentActor(ports, run, owner, options)
  if (asked.kind === 'failed') return { kind: 'failed', failure: worseOf(first, asked.failure) }
  const { actor } = asked
  const url = actor.suspended ? null : target.record.kind === 'avatar' ? actor.icon : actor.image
  if (url === null)
    return {
      kind: 'failed',
      failure: {
        reason: 'none',
        detail: actor.suspended
          ? `${actor.id} is suspended at its origin`
          : `${actor.id} names no ${target.record.kind}`,
        host: hostOf(actor.id),
        retryAfterMs: null,
      },
    }
  if (first !== null && url === target.record.remoteUrl)
    return { kind: 'failed', failure: { ...first, detail: `${first.detail}; its owner still names it` } }
  const tried = await tryAddress(ports, run, target, url, options)
  return tried.kind === 'made' ? { ...tried, from: 'new-url' } : tried
}

/** An answer that may still change decides when to ask again; an owner who is gone takes the picture along. */
function worseOf(first: Failure | null, second: Failure): Failure {
  if (first === null) return second
  const both = `${first.detail}; its owner: ${second.detail}`
  if (second.reason === 'gone') return { ...first, reason: 'gone', detail: both }
  return second.reason === 'wrong-type' ? { ...first, detail: both } : { ...second, detail: both }
}

type Asked =
  | { readonly kind: 'actor'; readonly actor: RemoteActor }
  | { readonly kind: 'failed'; readonly failure: Failure }

async function currentActor(ports: Ports, run: MendRun, owner: Owner, options: CallOptions): Promise<Asked> {
  const known = owner.uri === null ? null : await readDocumentOf(ports, run, owner, owner.uri, options)
  if (known?.kind === 'actor') return known
  if (known !== null && !['gone', 'unreachable', 'wrong-type'].includes(known.failure.reason)) return known
  const resting = restingFailure(run, owner.domain)
  if (resting !== null) return { kind: 'failed', failure: resting }
  const found = await ports.origin.webfinger(owner, options)
  if (found.kind === 'unknown') {
    run.hosts.answered(owner.domain)
    return known ?? { kind: 'failed', failure: goneFrom(owner) }
  }
  if (found.kind !== 'found') {
    const failure = exchangeFailed(run, owner.domain, found)
    // Only a domain in order can confirm that somebody is gone; one in trouble may yet name another document.
    const open = known === null || (known.failure.reason === 'gone' && blamesHost(failure.reason))
    return open ? failed(failure) : known
  }
  run.hosts.answered(owner.domain)
  if (found.uri === owner.uri) return known ?? { kind: 'failed', failure: goneFrom(owner) }
  return readDocumentOf(ports, run, owner, found.uri, options)
}

/**
 * The owner's document: what stands at the address the row knows and calls itself so, or any other under the owner's name.
 * Somebody else's, which an old address may lead to, must not lend its picture.
 */
async function readDocumentOf(
  ports: Ports,
  run: MendRun,
  owner: Owner,
  uri: string,
  options: CallOptions,
): Promise<Asked> {
  const asked = await readActor(ports, run, uri, options)
  if (asked.kind === 'failed') return asked
  const { id, preferredUsername } = asked.actor
  if (id === owner.uri || preferredUsername?.toLowerCase() === owner.username.toLowerCase()) return asked
  return failed({ ...goneFrom(owner), detail: `${uri} is somebody else` })
}

async function readActor(ports: Ports, run: MendRun, uri: string, options: CallOptions): Promise<Asked> {
  const host = hostOf(uri)
  const resting = restingFailure(run, host)
  if (resting !== null) return failed(resting)
  const outcome: ActorOutcome = await ports.origin.readActor(uri, options)
  if (outcome.kind === 'actor') {
    run.hosts.answered(host)
    return outcome
  }
  if (outcome.kind !== 'not-an-actor') return failed(exchangeFailed(run, host, outcome))
  run.hosts.answered(host)
  return failed({
    reason: 'wrong-type',
    detail: `${uri} is no actor: ${outcome.found}`,
    host,
    retryAfterMs: null,
  })
}

async function readFromPage(
  ports: Ports,
  run: MendRun,
  target: HealTarget,
  page: string,
  options: CallOptions,
): Promise<Found> {
  const host = hostOf(page)
  const resting = restingFailure(run, host)
  if (resting !== null) return failed(resting)
  const outcome = await ports.origin.readPage(page, options)
  switch (outcome.kind) {
    case 'image': {
      run.hosts.answered(host)
      const tried = await tryAddress(ports, run, target, outcome.url, options)
      return tried.kind === 'made' ? { ...tried, from: 'new-url' } : tried
    }
    case 'no-image':
      run.hosts.answered(host)
      return failed({ reason: 'none', detail: 'the page names no image', host, retryAfterMs: null })
    case 'not-a-page':
      run.hosts.answered(host)
      return failed({
        reason: 'wrong-type',
        detail: `the page is ${outcome.found}`,
        host,
        retryAfterMs: null,
      })
    case 'gone':
    case 'refused':
    case 'unavailable':
    case 'timeout':
    case 'too-large':
    case 'too-many-redirects':
    case 'private-address':
    case 'bad-url':
    case 'unreachable':
      return failed(exchangeFailed(run, host, outcome))
  }
}

function failed(failure: Failure): { readonly kind: 'failed'; readonly failure: Failure } {
  return { kind: 'failed', failure }
}

function goneFrom(owner: Owner): Failure {
  return {
    reason: 'gone',
    detail: `${owner.domain} knows no ${owner.username}`,
    host: owner.domain,
    retryAfterMs: null,
  }
}

function nowhere(detail: string): Failure {
  return { reason: 'bad-url', detail, host: '', retryAfterMs: null }
}
