/**
 * Where media files lie and how they are published.
 * Source: Mastodon config/initializers/paperclip.rb; docs/mastodon.md#storage-settings.
 */
import { resolve } from 'node:path'
import type {
  AzureStorageConfig,
  FileSystemStorageConfig,
  InstanceConfig,
  S3StorageConfig,
  StorageConfig,
  SwiftStorageConfig,
} from './config.ts'
import { Secret, secretOf } from './secret.ts'
import type { Settings } from './settings.ts'
import { isTrue, oneOf, required, secondsAsMs, webAddress, wholeNumber } from './validate.ts'

const MEBIBYTE = 1024 * 1024

/** `railsRoot` is the folder of the application; null if nothing tells where it is. Flags are tested in Mastodon's order. */
export function resolveStorage(
  settings: Settings,
  instance: InstanceConfig,
  railsRoot: string | null,
): StorageConfig {
  if (isTrue(settings, 'S3_ENABLED')) return resolveS3(settings)
  if (isTrue(settings, 'SWIFT_ENABLED')) return resolveSwift(settings)
  if (isTrue(settings, 'AZURE_ENABLED')) return resolveAzure(settings)
  for (const name of ['S3_ENABLED', 'SWIFT_ENABLED', 'AZURE_ENABLED']) noteAlmostTrue(settings, name)
  return resolveFileSystem(settings, instance, railsRoot)
}

/** `True`, `1`, `yes` leave Mastodon on the file system, which surprises everybody once. */
function noteAlmostTrue(settings: Settings, name: string): void {
  if (/^(?:true|t|1|yes|on)$/i.test(settings.text(name) ?? '')) {
    settings.notes.push(
      `${settings.quote(name)}; Mastodon takes only "true" as yes, so media are on the file system`,
    )
  }
}

function resolveFileSystem(
  settings: Settings,
  instance: InstanceConfig,
  railsRoot: string | null,
): FileSystemStorageConfig {
  return {
    kind: 'file-system',
    root: mediaFolder(settings, railsRoot),
    publicUrl: fileSystemUrl(settings, instance),
  }
}

function mediaFolder(settings: Settings, railsRoot: string | null): string {
  const name = 'PAPERCLIP_ROOT_PATH'
  const given = settings.text(name) ?? ':rails_root/public/system'
  if (railsRoot !== null) return resolve(railsRoot, given.replaceAll(':rails_root', railsRoot))
  if (given.startsWith('/')) return resolve(given)
  const what = 'The settings come from the environment and do not tell where the media folder is'
  settings.problem(name, what, `Set ${name} to its full path, or run cornac in Mastodon's own folder`)
  return '/'
}

function fileSystemUrl(settings: Settings, instance: InstanceConfig): string {
  const path = settings.text('PAPERCLIP_ROOT_URL') ?? '/system'
  const assetHost = instance.cdnHost ?? `https://${instance.webDomain || 'localhost'}`
  return (URL.canParse(path) ? path : `${assetHost}/${path.replace(/^\/+/, '')}`).replace(/\/+$/, '')
}

function resolveS3(settings: Settings): S3StorageConfig {
  const reason = 'S3_ENABLED is true'
  const bucket = required(settings, 'S3_BUCKET', reason)
  const region = settings.text('S3_REGION') ?? 'us-east-1'
  const endpoint = webAddress(settings, 'S3_ENDPOINT')
  // Mastodon joins it with a slash as it stands; Paperclip drops one slash at the start. A slash at the end doubles.
  const keyPrefix = settings.text('S3_KEY_PREFIX')?.replace(/^\//, '') || null
  const protocol = oneOf(settings, 'S3_PROTOCOL', ['https', 'http'], 'https')
  const hostname = settings.text('S3_HOSTNAME') ?? `s3-${region}.amazonaws.com`
  const aliasHost = settings.text('S3_ALIAS_HOST') ?? settings.text('S3_CLOUDFRONT_HOST')
  const published = aliasHost === null ? `${protocol}://${hostname}/${bucket}` : `${protocol}://${aliasHost}`
  return {
    kind: 's3',
    bucket,
    region,
    endpoint,
    // The name says the opposite: `true` means virtual-hosted, and only with an endpoint (docs/mastodon.md#storage-settings).
    pathStyle: endpoint !== null && !isTrue(settings, 'S3_OVERRIDE_PATH_STYLE'),
    keyPrefix,
    // Set to nothing means "send no ACL"; not set means public-read (docs/mastodon.md#storage-settings).
    permission: settings.has('S3_PERMISSION') ? settings.text('S3_PERMISSION') : 'public-read',
    storageClass: settings.text('S3_STORAGE_CLASS'),
    credentials: s3Credentials(settings),
    protocol,
    hostname,
    aliasHost,
    openTimeoutMs: secondsAsMs(settings, 'S3_OPEN_TIMEOUT', 5),
    readTimeoutMs: secondsAsMs(settings, 'S3_READ_TIMEOUT', 5),
    retryLimit: wholeNumber(settings, 'S3_RETRY_LIMIT', { default: 0, min: 0, max: 100 }),
    multipartThreshold: wholeNumber(settings, 'S3_MULTIPART_THRESHOLD', {
      default: 15 * MEBIBYTE,
      min: 1,
      max: 5 * 1024 * MEBIBYTE,
    }),
    batchDeleteLimit: wholeNumber(settings, 'S3_BATCH_DELETE_LIMIT', { default: 1000, min: 1, max: 1000 }),
    publicUrl: keyPrefix === null ? published : `${published}/${keyPrefix}`,
  }
}

function s3Credentials(settings: Settings): S3StorageConfig['credentials'] {
  const id = settings.text('AWS_ACCESS_KEY_ID')
  const secret = settings.text('AWS_SECRET_ACCESS_KEY')
  if (id !== null && secret !== null) {
    return {
      accessKeyId: new Secret(id),
      secretAccessKey: new Secret(secret),
      sessionToken: secretOf(settings.text('AWS_SESSION_TOKEN')),
    }
  }
  if (id === null && secret === null) return null
  const missing = id === null ? 'AWS_ACCESS_KEY_ID' : 'AWS_SECRET_ACCESS_KEY'
  const other = id === null ? 'AWS_SECRET_ACCESS_KEY' : 'AWS_ACCESS_KEY_ID'
  settings.problem(
    missing,
    `${missing} is not set, although ${other} is`,
    'Set both, or neither where the machine itself has the right',
  )
  return null
}

function resolveSwift(settings: Settings): SwiftStorageConfig {
  const reason = 'SWIFT_ENABLED is true'
  return {
    kind: 'swift',
    container: required(settings, 'SWIFT_CONTAINER', reason),
    authUrl: required(settings, 'SWIFT_AUTH_URL', reason),
    publicUrl: required(settings, 'SWIFT_OBJECT_URL', reason).replace(/\/+$/, ''),
  }
}

function resolveAzure(settings: Settings): AzureStorageConfig {
  const reason = 'AZURE_ENABLED is true'
  const account = required(settings, 'AZURE_STORAGE_ACCOUNT', reason)
  const container = required(settings, 'AZURE_CONTAINER_NAME', reason)
  const host = settings.text('AZURE_ALIAS_HOST') ?? `${account}.blob.core.windows.net`
  return { kind: 'azure', account, container, publicUrl: `https://${host}/${container}` }
}
