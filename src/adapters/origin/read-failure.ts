/** What an exception of a fetch says about the origin. Pure. */
import { errors } from 'undici'
import type { FetchFailure } from '../../core/ports/origin.ts'
import { NameNotResolved, PrivateAddress } from './guarded-connect.ts'

/** Every exception of an exchange as an outcome; nothing an origin does is worth a stack. `connected` as in the port. */
export function readFailure(error: unknown, connected: boolean): FetchFailure {
  if (error instanceof PrivateAddress) return { kind: 'private-address', host: error.host }
  if (error instanceof NameNotResolved) return { kind: 'unreachable', reason: error.message, connected }
  if (
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError
  ) {
    return { kind: 'timeout', connected }
  }
  return { kind: 'unreachable', reason: reasonOf(error), connected }
}

/** The failure of a further step: whoever was asked first has answered, and sent us on. */
export function afterAnswer<T extends FetchFailure>(failure: T): T {
  return 'connected' in failure ? { ...failure, connected: true } : failure
}

/** The code says it shortest; several addresses that all failed are told by the first. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const message = error.message === '' ? error.name : (error.message.split('\n')[0] ?? '')
  return code === undefined || message.includes(code) ? message : `${message} (${code})`
}
