/** How buckets refuse what others allow. Each is one vice; several may be had at once. */
import type { S3Vice } from '../s3-dialect.ts'
import { isLook, refuse } from './recognise.ts'

/** Any ACL is refused, as by Amazon's buckets whose owner is enforced: the default there since 2023. */
export const refusesAcl: S3Vice = async (asked, pass) =>
  Object.keys(asked.headers).some((name) => name === 'x-amz-acl' || name.startsWith('x-amz-grant-'))
    ? refuse(400, 'AccessControlListNotSupported')
    : await pass(asked)

/** 403 instead of 404 for what is absent, as S3 says to a key without the right to list. */
export const hidesAbsence: S3Vice = async (asked, pass) => {
  const answer = await pass(asked)
  if (answer === 'silence' || !isLook(asked) || answer.status !== 404) return answer
  return asked.method === 'HEAD'
    ? { status: 403, headers: {}, body: Buffer.alloc(0) }
    : refuse(403, 'AccessDenied')
}

/** Versions, uploads in parts and the question for them are unknown, as with providers that have only the heart of S3. */
export const withoutVersions: S3Vice = async (asked, pass) =>
  /[?&](?:versions|versioning|uploads)(?:[=&]|$)/.test(asked.url)
    ? refuse(501, 'NotImplemented')
    : await pass(asked)
