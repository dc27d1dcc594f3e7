import assert from 'node:assert/strict'
import { it } from 'node:test'
import { isActivityType } from './activity-json.ts'

const PROFILE = 'https://www.w3.org/ns/activitystreams'

it('ActivityStreams has two names', () => {
  for (const type of [
    'application/activity+json',
    'Application/Activity+JSON; charset=utf-8',
    `application/ld+json; profile="${PROFILE}"`,
    `application/ld+json;profile=${PROFILE}`,
    `application/ld+json; charset=utf-8; profile="https://w3id.org/security ${PROFILE}"`,
  ])
    assert.equal(isActivityType(type), true, type)
})

it('other JSON is not it, whatever it contains', () => {
  for (const type of [
    '',
    'application/json',
    'application/ld+json',
    `application/ld+json; profile="${PROFILE}#other"`,
    `text/html; profile="${PROFILE}"`,
    'application/activity+jsonx',
  ])
    assert.equal(isActivityType(type), false, type)
})
