/** How much of what a local user follows is broken: looks, fetches nothing, changes nothing. */
import { inParallel } from '../in-parallel.ts'
import type { Damage, SkipReason } from '../model/heal-outcome.ts'
import type { MastodonDatabase } from '../ports/mastodon.ts'
import type { CallOptions, ObjectReader } from '../ports/storage.ts'
import { assessPicture } from './assess-picture.ts'
import { followsOf, type FollowsRequest } from './follows-of.ts'

export interface FollowsSurvey {
  readonly followed: number
  readonly examined: number
  /** Broken, and Mastodon's rules allow to fetch them. */
  readonly broken: Readonly<Record<Damage, number>>
  /** Broken or uncertain, and left alone for a reason. */
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>
}

export async function surveyFollows(
  ports: { readonly database: MastodonDatabase; readonly objects: ObjectReader },
  request: FollowsRequest & { readonly concurrency: number },
  options: CallOptions,
): Promise<FollowsSurvey> {
  const follows = await followsOf(ports.database, request, options)
  const broken: Record<Damage, number> = { pruned: 0, missing: 0 }
  const skipped: Partial<Record<SkipReason, number>> = {}
  let examined = 0
  await inParallel(
    follows.pictures(),
    request.concurrency,
    async (picture) => {
      const assessment = await assessPicture(picture, follows.rules, ports.objects, options)
      examined++
      if (assessment.kind === 'broken') broken[assessment.damage]++
      else if (assessment.outcome.kind === 'skipped')
        skipped[assessment.outcome.reason] = (skipped[assessment.outcome.reason] ?? 0) + 1
    },
    options.signal,
  )
  return { followed: follows.followed, examined, broken, skipped }
}
