/** How stores spoil copies. Each is one vice; several may be had at once. */
import type { S3Vice } from '../s3-dialect.ts'
import { isCopy, isLook, keyOf, refuse } from './recognise.ts'

/** "Slow down" to a share of all copies, decided by `chance`; the store does not see them. */
export function slowCopies(share: number, chance: () => number): S3Vice {
  return async (asked, pass) =>
    isCopy(asked) && chance() < share ? refuse(503, 'SlowDown') : await pass(asked)
}

/** The answer to a copy begins well and then holds an error, as S3 may say after minutes; nothing is copied. */
export function failsWithin200(chosen: () => boolean): S3Vice {
  return async (asked, pass) =>
    isCopy(asked) && chosen() ? { ...refuse(500, 'InternalError'), status: 200 } : await pass(asked)
}

/** One object is said to have so many bytes, and is too large to be copied in one request. */
export function tooLarge(key: string, bytes: number): S3Vice {
  return async (asked, pass) => {
    if (isCopy(asked) && decodeURIComponent(String(asked.headers['x-amz-copy-source'])).endsWith(key))
      return refuse(400, 'InvalidRequest')
    const answer = await pass(asked)
    if (answer === 'silence' || asked.method !== 'HEAD' || !isLook(asked) || keyOf(asked) !== key)
      return answer
    return { ...answer, headers: { ...answer.headers, 'content-length': String(bytes) } }
  }
}

/** 403 instead of "no such key" for a copy of what is absent, as S3 says to a key without the right to list. */
export const hidesAbsentSources: S3Vice = async (asked, pass) => {
  const answer = await pass(asked)
  return answer !== 'silence' && isCopy(asked) && answer.status === 404 ? refuse(403, 'AccessDenied') : answer
}
