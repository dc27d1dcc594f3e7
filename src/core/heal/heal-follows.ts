/** The verb `heal --follows-of USER`: the avatars and headers of everybody a local user follows, back in place. */
import { inParallel } from '../in-parallel.ts'
import type { AccountPicture } from '../model/account-picture.ts'
import type { HealOutcome } from '../model/heal-outcome.ts'
import type { MastodonDatabase } from '../ports/mastodon.ts'
import type { Clock, Progress } from '../ports/runtime.ts'
import type { CallOptions } from '../ports/storage.ts'
import { assessPicture, type FetchRules } from './assess-picture.ts'
import { followsOf, type FollowsRequest } from './follows-of.ts'
import { HealTally, type HealCounts } from './heal-tally.ts'
import { pictureByteLimit } from './recipes.ts'
import { healPicture, type HealPorts, type PictureLimits } from './heal-picture.ts'

export interface HealFollowsPorts extends HealPorts {
  readonly database: MastodonDatabase
  readonly clock: Clock
}

export interface HealFollowsRequest extends FollowsRequest {
  /** Which image library Mastodon was told to use, which decides how large a picture it takes; null for its default. */
  readonly useLibvips: boolean | null
  /** For one picture, redirects included. */
  readonly timeoutMs: number
  /** Pictures under way at once, over all origins. */
  readonly concurrency: number
}

export interface HealResult extends HealCounts {
  readonly user: string
  /** Remote accounts the user follows. */
  readonly followed: number
  readonly seconds: number
}

/**
 * @throws KnownError if there is no such user, the database may only be read, or storage or database stop working;
 *   the signal's reason if aborted
 */
export async function healFollows(
  ports: HealFollowsPorts,
  request: HealFollowsRequest,
  options: CallOptions & { readonly progress: Progress },
): Promise<HealResult> {
  const { signal, progress } = options
  const startedAtMs = ports.clock.now()
  // Before the first fetch: a row that cannot be changed would leave new files that nothing names.
  await ports.database.refuseIfReadOnly(['avatar', 'header'], options)
  const follows = await followsOf(ports.database, request, options)
  const limits: PictureLimits = {
    timeoutMs: request.timeoutMs,
    maxBytes: pictureByteLimit(ports.database.schema.version, request.useLibvips),
  }
  const tally = new HealTally()
  progress.stage('healing', follows.followed * 2)
  await inParallel(
    follows.pictures(),
    request.concurrency,
    async (picture) => {
      tally.count(picture, await healOne(ports, picture, follows.rules, limits, { signal }))
      progress.advance(1)
    },
    signal,
  )
  progress.done()
  return {
    user: request.user,
    followed: follows.followed,
    ...tally.result(),
    seconds: (ports.clock.now() - startedAtMs) / 1000,
  }
}

async function healOne(
  ports: HealFollowsPorts,
  picture: AccountPicture,
  rules: FetchRules,
  limits: PictureLimits,
  options: CallOptions,
): Promise<HealOutcome> {
  const assessment = await assessPicture(picture, rules, ports.objects, options)
  if (assessment.kind === 'settled') return assessment.outcome
  return healPicture(ports, picture, assessment, limits, options)
}
