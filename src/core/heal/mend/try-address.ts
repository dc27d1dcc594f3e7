/** One address tried: fetched and made into what Mastodon would store, or why not. */
import type { FailReason } from '../../model/heal-outcome.ts'
import type { HealTarget } from '../../model/heal-target.ts'
import type { ImageOutcome } from '../../ports/images.ts'
import type { FetchFailure } from '../../ports/origin.ts'
import type { CallOptions } from '../../ports/storage.ts'
import type { MendPorts, MendRun } from './mend-ports.ts'
import { byteLimit, madeKind, recipeOf } from './recipes.ts'
import type { Failure } from '../memory/record-book.ts'

export type Made = Extract<ImageOutcome, { kind: 'made' }>

export type Tried =
  | { readonly kind: 'made'; readonly made: Made; readonly url: string }
  /** An animation that Mastodon turns into a video: nothing is wrong with it, only we do not make it. */
  | { readonly kind: 'needs-mastodon' }
  | { readonly kind: 'failed'; readonly failure: Failure }

export async function tryAddress(
  ports: Pick<MendPorts, 'origin' | 'images'>,
  run: MendRun,
  target: HealTarget,
  url: string,
  options: CallOptions,
): Promise<Tried> {
  const host = hostOf(url)
  const resting = restingFailure(run, host)
  if (resting !== null) return { kind: 'failed', failure: resting }
  const kind = madeKind(target.record.kind)
  const limits = {
    maxBytes: byteLimit(kind, run.version, run.useLibvips),
    timeoutMs: run.timeoutMs,
  }
  const fetched = await ports.origin.fetch(url, limits, options)
  if (fetched.kind !== 'fetched') return { kind: 'failed', failure: exchangeFailed(run, host, fetched) }
  run.hosts.answered(host)
  run.fetched(fetched.bytes.length)
  const recipe = recipeOf(kind, run.version, run.useLibvips)
  const made = await ports.images.make(fetched.bytes, recipe, options)
  switch (made.kind) {
    case 'made':
      return { kind: 'made', made, url }
    case 'animated':
      return { kind: 'needs-mastodon' }
    case 'wrong-type':
    case 'too-many-pixels':
    case 'broken':
    case 'timeout':
      return { kind: 'failed', failure: { ...imageFailed(made), host, retryAfterMs: null } }
  }
}

/** A host that rests is not asked; null if it may be. */
export function restingFailure(run: MendRun, host: string): Failure | null {
  const untilMs = run.hosts.restsUntilMs(host)
  if (untilMs === null) return null
  return {
    reason: 'unavailable',
    detail: `${host} is left in peace for a while`,
    host,
    retryAfterMs: untilMs - run.hosts.nowMs(),
  }
}

/** Notes the failure of an exchange with a host, and puts it into the words of the ledger. */
export function exchangeFailed(run: MendRun, host: string, outcome: FetchFailure): Failure {
  const retryAfterMs = outcome.kind === 'unavailable' ? outcome.retryAfterMs : null
  const failure: Failure = { reason: outcome.kind, detail: fetchDetail(outcome), host, retryAfterMs }
  // 404 and the like are answers in order; a refusal by our own address guard says nothing about the host.
  if (outcome.kind === 'gone' || outcome.kind === 'refused' || outcome.kind === 'too-large')
    run.hosts.answered(host)
  else run.hosts.failed(host, { ...failure, down: isDown(outcome) })
  return failure
}

function isDown(outcome: FetchFailure): boolean {
  return (outcome.kind === 'unreachable' || outcome.kind === 'timeout') && !outcome.connected
}

export function hostOf(url: string | null): string {
  return url !== null && URL.canParse(url) ? new URL(url).host : ''
}

function fetchDetail(outcome: FetchFailure): string {
  switch (outcome.kind) {
    case 'gone':
    case 'refused':
    case 'unavailable':
      return `status ${outcome.status}`
    case 'too-large':
      return `more than ${outcome.limit} bytes`
    case 'private-address':
      return outcome.host
    case 'bad-url':
      return outcome.url
    case 'unreachable':
      return outcome.reason
    case 'timeout':
    case 'too-many-redirects':
      return ''
  }
}

function imageFailed(outcome: Exclude<ImageOutcome, { kind: 'made' | 'animated' }>): {
  readonly reason: FailReason
  readonly detail: string
} {
  switch (outcome.kind) {
    case 'wrong-type':
      return { reason: 'wrong-type', detail: outcome.found }
    case 'too-many-pixels':
      return { reason: 'too-many-pixels', detail: `${outcome.pixels} pixels` }
    case 'broken':
      return { reason: 'broken-image', detail: outcome.reason }
    case 'timeout':
      return { reason: 'image-timeout', detail: '' }
  }
}
