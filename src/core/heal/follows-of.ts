/** Whom a local user follows, and under which rules their pictures may be fetched: what surveying and healing share. */
import { KnownError } from '../errors.ts'
import type { AccountPicture } from '../model/account-picture.ts'
import type { MastodonDatabase } from '../ports/mastodon.ts'
import type { CallOptions } from '../ports/storage.ts'
import type { FetchRules } from './assess-picture.ts'

export interface FollowsRequest {
  /** Name of a local account, with or without `@` and the local domain. */
  readonly user: string
  readonly limitedFederation: boolean
}

export interface Follows {
  /** Remote accounts the user follows. */
  readonly followed: number
  readonly rules: FetchRules
  /** Two for each account. */
  pictures(): AsyncIterable<readonly AccountPicture[]>
}

/** @throws KnownError if there is no such local account */
export async function followsOf(
  database: MastodonDatabase,
  request: FollowsRequest,
  options: CallOptions,
): Promise<Follows> {
  const accountId = await findUser(database, request.user, options)
  return {
    followed: await database.countFollowed(accountId, options),
    rules: {
      ...(await database.domainRules(options)),
      limitedFederation: request.limitedFederation,
    },
    pictures: () => database.followedPictures(accountId, options),
  }
}

async function findUser(database: MastodonDatabase, user: string, options: CallOptions): Promise<string> {
  const name = user.replace(/^@/, '').split('@')[0] ?? ''
  const id = name === '' ? null : await database.localAccount(name, options)
  if (id !== null) return id
  throw new KnownError({
    code: 'no-such-user',
    what: `there is no local account named ${user}`,
    remedy: 'Give the name as it stands in the profile’s address, without the domain: --follows-of alice',
    category: 'usage',
  })
}
