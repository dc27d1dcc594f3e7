import type { Wrapper } from '../../../core/model/scheduled.ts'
import { inner, type Scope } from './scope.ts'
import type { Unwrapped } from './unwrap.ts'

/** What holds for the command behind its wrappers: their user, folder and variables, and nothing of this host where they leave it. */
export function behindWrappers(
  { wrappers, environment, workingDirectory, clears, user }: Unwrapped,
  scope: Scope,
): Scope {
  if (wrappers.length === 0 && environment.size === 0) return scope
  const leaves = leaveHost(wrappers)
  const behind = inner(scope, { wrappers: [...scope.wrappers, ...wrappers] })
  if (clears || leaves) behind.environment = new Map()
  for (const [name, value] of environment) behind.environment.set(name, value)
  if (leaves) behind.workingDirectory = null
  if (workingDirectory !== undefined) behind.workingDirectory = workingDirectory
  if (user !== null) behind.user = user
  if (wrappers.some(({ kind }) => kind === 'lock')) behind.guarded = true
  if (wrappers.some(({ kind }) => kind === 'keeper')) {
    behind.output = 'kept'
    behind.errors = 'kept'
  }
  return behind
}

/** Behind these, the files of this host are out of sight. */
export function leaveHost(wrappers: readonly Wrapper[]): boolean {
  return wrappers.some(({ kind }) => kind === 'container' || kind === 'cluster' || kind === 'remote')
}
