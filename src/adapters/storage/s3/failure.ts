/** What an S3 service or the way to it refuses, in words and with the variable of Mastodon that mends it. */
import { KnownError } from '../../../core/errors.ts'
import type { S3Connection } from './connection.ts'

/** The parts of an SDK or network error that decide anything. */
export interface S3Refusal {
  /** The provider's code (`NoSuchBucket`), or the network's (`ECONNREFUSED`). */
  readonly code: string
  /** HTTP status; null if no answer came. */
  readonly status: number | null
}

export function refusalOf(error: unknown): S3Refusal {
  const { name, code, Code, $metadata } = error as {
    name?: string
    code?: string
    Code?: string
    $metadata?: { httpStatusCode?: number }
  }
  const status = $metadata?.httpStatusCode ?? null
  const given = Code ?? (status === null ? code : undefined) ?? name ?? 'unknown'
  // Node names a failed connection to several addresses at once AggregateError and keeps the code beside it.
  return { code: given === 'AggregateError' || given === 'Error' ? (code ?? given) : given, status }
}

interface Words {
  readonly what: string
  readonly remedy: string
}

/** Codes of certificates that do not hold. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/
const NOT_REACHED =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ECONNRESET|ETIMEDOUT|EPIPE|TimeoutError)$/

/**
 * A KnownError (`storage-refused`, `storage-unreachable`, `storage-not-offered`). `doing` completes "could not". Never
 * quotes the provider.
 */
export function s3Failure(connection: S3Connection, error: unknown, doing: string): KnownError {
  if (error instanceof KnownError) return error
  const refusal = refusalOf(error)
  const { what, remedy } = wordsFor(connection, refusal)
  return new KnownError({
    code: isUnreachable(refusal)
      ? 'storage-unreachable'
      : isNotOffered(refusal)
        ? 'storage-not-offered'
        : 'storage-refused',
    what: `Could not ${doing}: ${what}`,
    remedy,
    // The SDK's error holds the signed request; only its name goes on.
    cause: new Error(`${refusal.code}${refusal.status === null ? '' : ` (HTTP ${refusal.status})`}`),
  })
}

/** No answer came that an S3 service would give. */
export function isUnreachable({ code, status }: S3Refusal): boolean {
  return status === null && (NOT_REACHED.test(code) || CERTIFICATE.test(code) || code === 'EPROTO')
}

export function isTimeout({ code }: S3Refusal): boolean {
  return code === 'TimeoutError' || code === 'ETIMEDOUT' || code === 'RequestTimeout'
}

/** The store asks for patience, or stumbled: the same request may succeed later. */
export function isPassing({ code, status }: S3Refusal): boolean {
  return (
    /^(?:SlowDown|ServiceUnavailable|Throttling|ThrottlingException|RequestLimitExceeded|TooManyRequests|InternalError|OperationAborted|RequestTimeout|ConcurrentModification)$/.test(
      code,
    ) ||
    status === 429 ||
    (status !== null && status >= 500 && status !== 501)
  )
}

/** The request took longer than the store, a proxy before it or we ourselves allow: a smaller one may be answered. */
export function tookTooLong(refusal: S3Refusal): boolean {
  // 524 is Cloudflare's 504.
  return isTimeout(refusal) || [408, 504, 524].includes(refusal.status ?? 0)
}

/** The answer began well and cannot be read: it broke off, or somebody on the way changed it. */
export function isTorn({ code, status }: S3Refusal): boolean {
  return (status !== null && status < 300) || code.startsWith('HPE_')
}

/** The connection broke before the answer was whole. */
export function isCutOff({ code }: S3Refusal): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE'
}

/** The store does not know this kind of request at all. */
function isNotOffered({ code, status }: S3Refusal): boolean {
  return (
    /^(?:NotImplemented|MethodNotAllowed|UnsupportedOperation|NotSupported)$/.test(code) || status === 501
  )
}

export function isBadCertificate({ code, status }: S3Refusal): boolean {
  return status === null && (CERTIFICATE.test(code) || code === 'EPROTO')
}

/** No further request of any kind can succeed with these settings. */
export function isFinal(refusal: S3Refusal): boolean {
  return (
    isUnreachable(refusal) ||
    /^(?:NoSuchBucket|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|RequestTimeTooSkewed|PermanentRedirect|CredentialsProviderError|AuthorizationHeaderMalformed|AllAccessDisabled)$/.test(
      refusal.code,
    )
  )
}

/** A short phrase for one key's answer. */
export function phraseOf({ code, status }: S3Refusal): string {
  if (code === 'AccessDenied' || status === 403) return 'access denied'
  if (isTimeout({ code, status })) return 'no answer in time'
  if (status !== null && status >= 500) return `the store failed (${code}, HTTP ${status})`
  return status === null ? code : `${code}, HTTP ${status}`
}

function wordsFor({ settings, description }: S3Connection, refusal: S3Refusal): Words {
  const { bucket, region, endpoint } = settings
  const { code, status } = refusal
  const where = endpoint ?? 'Amazon S3'
  switch (code) {
    case 'NoSuchBucket':
    case 'InvalidBucketName':
      return {
        what: `${where} has no bucket ${bucket} (${code})`,
        remedy:
          'Correct S3_BUCKET or S3_ENDPOINT; if the endpoint already begins with the bucket, set S3_OVERRIDE_PATH_STYLE as your provider says',
      }
    case 'InvalidAccessKeyId':
      return { what: `${where} does not know the access key (${code})`, remedy: 'Correct AWS_ACCESS_KEY_ID' }
    case 'SignatureDoesNotMatch':
      return {
        what: `${where} finds the signature wrong (${code})`,
        // Swift's s3api says so of an unknown access key as well.
        remedy:
          'Correct AWS_SECRET_ACCESS_KEY and AWS_ACCESS_KEY_ID; check that S3_REGION is right and nothing rewrites S3_ENDPOINT',
      }
    case 'ExpiredToken':
    case 'InvalidToken':
      return {
        what: `${where} finds the session token expired or wrong (${code})`,
        remedy: 'Renew the credentials, or use AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY that last',
      }
    case 'RequestTimeTooSkewed':
      return {
        what: `${where} and this machine disagree about the time (${code})`,
        remedy: "Set this machine's clock (timedatectl status)",
      }
    case 'AccessDenied':
    case 'AllAccessDisabled':
    case 'Forbidden':
      return {
        what: `${where} refuses it to this access key (${code})`,
        remedy: `Allow listing, reading, writing and deleting in ${bucket} to the owner of AWS_ACCESS_KEY_ID`,
      }
    case 'PermanentRedirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException':
      return {
        what: `${where} says the bucket ${bucket} is not in region ${region} (${code})`,
        remedy: 'Correct S3_REGION, and S3_ENDPOINT if it names a region',
      }
    case 'AccessControlListNotSupported':
      return {
        what: `${bucket} takes no ACL (${code})`,
        remedy: "Set S3_PERMISSION= (to nothing) in Mastodon's settings",
      }
    case 'InvalidStorageClass':
      return {
        what: `${where} has no storage class ${settings.storageClass} (${code})`,
        remedy: 'Correct S3_STORAGE_CLASS',
      }
    case 'NotImplemented':
    case 'MethodNotAllowed':
      return {
        what: `${where} does not offer this (${code})`,
        remedy: 'Nothing to mend: not every provider does; ask yours what it offers instead',
      }
    case 'CredentialsProviderError':
      return {
        what: 'no access key was found for it',
        remedy: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      }
  }
  if (CERTIFICATE.test(code))
    return {
      what: `the certificate of ${where} does not hold (${code})`,
      remedy: 'Correct S3_ENDPOINT, or make its authority known with NODE_EXTRA_CA_CERTS',
    }
  if (code === 'EPROTO')
    return {
      what: `${where} does not speak TLS (${code})`,
      remedy: 'Correct the scheme of S3_ENDPOINT: http or https',
    }
  if (isUnreachable(refusal))
    return {
      what: `${where} cannot be reached (${code})`,
      remedy: 'Check S3_ENDPOINT, the network, and that the service runs',
    }
  if (status !== null && status >= 500)
    return { what: `${where} failed (${code}, HTTP ${status})`, remedy: 'Try again when it has recovered' }
  if (status === null || status < 300)
    return {
      what: `what answers at ${where} does not speak S3 (${code})`,
      remedy: 'Correct S3_ENDPOINT: it must be the address of the S3 service itself',
    }
  return {
    what: `${description} answered ${code}, HTTP ${status}`,
    remedy:
      "Look the code up in the provider's documentation, and check S3_BUCKET, S3_REGION and S3_ENDPOINT",
  }
}
