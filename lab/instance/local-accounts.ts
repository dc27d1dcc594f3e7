/** The people of the lab's own server, each a function of a number, and its instance actor. */
import { YEARS_MS, type LabAccount } from './accounts.ts'
import { Dice, subjectOf } from './dice.ts'
import type { PictureUse } from './pictures.ts'
import { snowflake } from './snowflake.ts'
import { extensionFor, NO_FILE, type StoredFile } from './stored-file.ts'
import { DAY_MS, HOUR_MS, type World } from './world.ts'

const LOCAL = subjectOf('local account')
const LOCAL_NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy']

/** The local account with that number; 0 is `alice`. */
export function localAccount(world: World, index: number): LabAccount {
  const dice = new Dice(world.seed, LOCAL, index)
  const username = LOCAL_NAMES[index] ?? `local${index}`
  const arrivedAtMs =
    index === 0 ? world.nowMs - YEARS_MS - 90 * DAY_MS : world.nowMs - (400 - (index % 399)) * DAY_MS
  const type = index % 3 === 1 ? 'image/gif' : index % 3 === 0 ? 'image/png' : 'image/jpeg'
  const without = index % 5 === 3
  const suspended = index > 0 && index % 17 === 16
  return {
    id: index === 0 ? '1' : snowflake(arrivedAtMs + index, index),
    username,
    domain: null,
    uri: `https://${world.localDomain}/users/${username}`,
    arrivedAtMs,
    createdAtMs: arrivedAtMs,
    updatedAtMs: world.nowMs - (2 + dice.below(200)) * HOUR_MS,
    webfingeredAtMs: null,
    avatar: without ? NO_FILE : localFile(world, 'avatar', type, arrivedAtMs, dice),
    header: index % 5 === 4 ? NO_FILE : localFile(world, 'header', 'image/jpeg', arrivedAtMs, dice),
    suspendedAtMs: suspended ? world.nowMs - 3 * DAY_MS : null,
    suspensionOrigin: suspended ? 0 : null,
    silencedAtMs: null,
    sensitizedAtMs: null,
    memorial: false,
    movedTo: null,
    actorType: 'Person',
    protocol: 1,
  }
}

function localFile(world: World, use: PictureUse, type: string, arrivedAtMs: number, dice: Dice): StoredFile {
  const picture = world.pictures.take(use, type, dice.next())
  return {
    fileName: `${dice.hex16()}.${extensionFor(type, dice)}`,
    contentType: type,
    bytes: picture.original.length,
    assignedAtMs: arrivedAtMs + HOUR_MS,
    version: dice.chance(0.8) ? 1 : null,
    remoteUrl: null,
    picture,
  }
}

/** The account that signs what the server itself asks for. Source: Mastodon `app/models/concerns/account/finder_concern.rb`. */
export function instanceActor(world: World): LabAccount {
  const arrivedAtMs = world.nowMs - YEARS_MS
  return {
    ...localAccount(world, 0),
    id: '-99',
    username: 'mastodon.internal',
    uri: `https://${world.localDomain}/actor`,
    arrivedAtMs,
    createdAtMs: arrivedAtMs,
    updatedAtMs: arrivedAtMs,
    avatar: NO_FILE,
    header: NO_FILE,
    actorType: 'Application',
  }
}
