/**
 * Why something stays, each reason with its sentence. Which of them a policy asks is in `core/model/prune-policy.ts`;
 * whether one holds for a row is found in the database, for whole pages at once and for one record alike.
 */
import type { KeepRule } from '../model/prune-policy.ts'

export interface KeepRuleText {
  readonly name: KeepRule
  /** For people; one sentence. "Here" is the server that keeps the copy. */
  readonly sentence: string
}

const SENTENCES: Readonly<Record<KeepRule, string>> = {
  local: 'It is this server’s own: no copy of it lies anywhere else.',
  'names-nothing': 'The row names no file, so there is nothing to let go of.',
  'other-domain': 'It does not belong to the domain that was asked for.',
  'not-a-link': 'The card shows a photo, a video or an embedded page, and only plain links were asked for.',
  'never-looked-up':
    'It is not known when this account was last looked up, and tootctl keeps such accounts whatever their age.',
  'looked-up-recently': 'The account was looked up at its origin after the cut-off.',
  'updated-recently': 'The row was changed after the cut-off.',
  'fetched-recently': 'The file was fetched after the cut-off.',
  'posted-recently': 'The account has posted after the cut-off.',
  closed:
    'Mastodon has shut it away (a suspended account, or a deleted post under review), so it could not be fetched again.',
  'in-follows': 'The account follows somebody or is followed by somebody, as far as this server knows.',
  'followed-here': 'Somebody here follows the account.',
  'follows-us': 'The account follows somebody here.',
  'follow-requested': 'A follow request between the account and somebody here waits for an answer.',
  'posted-here': 'Somebody here posted the link.',
  'favourited-here': 'Somebody here favourited the post.',
  bookmarked: 'Somebody bookmarked the post.',
  'answered-here': 'Somebody here answered the post.',
  'boosted-here': 'Somebody here boosted the post.',
  'quoted-here': 'Somebody here quoted the post, or asked to.',
  'quotes-us': 'The post quotes one of somebody here.',
  'addressed-here': 'The post mentions somebody here or was sent to them.',
}

/** The rule with its sentence. */
export function keepRule(name: KeepRule): KeepRuleText {
  return { name, sentence: SENTENCES[name] }
}

/** Every rule there is. */
export const KEEP_RULES: readonly KeepRuleText[] = (Object.keys(SENTENCES) as KeepRule[]).map(keepRule)
