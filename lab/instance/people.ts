/** Who follows whom, as a function of numbers: a walk over all remote accounts that meets each once. */
import { remoteAccount, type LabAccount } from './accounts.ts'
import { localAccount } from './local-accounts.ts'
import type { World } from './world.ts'

/** A follow between a local and a remote account, in either direction. */
export interface LabFollow {
  readonly from: LabAccount
  readonly to: LabAccount
}

/** Remote accounts the local user with that number follows; suspended ones lost their followers. */
export function* followsOf(world: World, user: number): Generator<LabAccount> {
  const wanted = user === 0 ? world.followsOfFirstUser : Math.min(30, Math.floor(world.remoteAccounts / 20))
  let found = 0
  for (const account of walk(world, 17 + user * 31)) {
    if (found === wanted) return
    if (account.suspendedAtMs !== null) continue
    found += 1
    yield account
  }
}

/** Remote accounts that follow the local user with that number. */
function* followersOf(world: World, user: number): Generator<LabAccount> {
  const wanted = Math.min(40, Math.floor(world.remoteAccounts / 15))
  let found = 0
  for (const account of walk(world, 7919 + user * 101)) {
    if (found === wanted) return
    if (account.suspendedAtMs !== null) continue
    found += 1
    yield account
  }
}

/** Every follow, local users one after another. */
export function* allFollows(world: World): Generator<LabFollow> {
  for (let user = 0; user < world.localUsers; user++) {
    const local = localAccount(world, user)
    if (local.suspendedAtMs !== null) continue
    for (const to of followsOf(world, user)) yield { from: local, to }
    for (const from of followersOf(world, user)) yield { from, to: local }
  }
}

/** All remote accounts from some place on, in steps that share no factor with their number. */
function* walk(world: World, offset: number): Generator<LabAccount> {
  const count = world.remoteAccounts
  if (count === 0) return
  let step = Math.max(1, Math.floor(count * 0.618))
  while (divisor(step, count) !== 1) step += 1
  for (let taken = 0, index = offset % count; taken < count; taken++, index = (index + step) % count) {
    yield remoteAccount(world, index)
  }
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b)
}
