/** ActivityStreams documents: how they are asked for, and which answers are any. */
import type { AnswerHead } from './exchange.ts'
import type { JsonWish } from './fetch-json.ts'

const PROFILE = 'https://www.w3.org/ns/activitystreams'

/** Signed, and with both names of the type (ActivityPub, section 3.2). */
export const ACTIVITY_JSON: JsonWish = {
  accept: `application/activity+json, application/ld+json; profile="${PROFILE}"`,
  signed: true,
  wants: ({ contentType }: AnswerHead) => isActivityType(contentType),
}

/**
 * `application/activity+json`, or `application/ld+json` with the ActivityStreams profile, which may stand among others
 * (Mastodon app/helpers/json_ld_helper.rb, `valid_activitypub_content_type?`).
 */
export function isActivityType(contentType: string): boolean {
  const [name = '', ...parameters] = contentType.split(';').map((part) => part.trim())
  if (name.toLowerCase() === 'application/activity+json') return true
  if (name.toLowerCase() !== 'application/ld+json') return false
  return parameters.some((parameter) => {
    const profiles = /^profile="?([^"]*)"?$/i.exec(parameter)?.[1]
    return profiles?.split(' ').includes(PROFILE) === true
  })
}
