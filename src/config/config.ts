/**
 * The one description of what Cornac was told: resolved, with defaults and units, frozen. Only this travels.
 * What each part means in Mastodon: docs/mastodon.md#settings; what each setting of Cornac's own means: docs/configuration.md.
 */
import type { Secret } from './secret.ts'

/**
 * As in libpq: `prefer` tries TLS and goes on without, `require` insists but trusts any certificate, `verify-ca` checks
 * who signed it, `verify-full` also checks the name; `allow` tries without TLS first.
 */
export type SslMode = (typeof SSL_MODES)[number]

export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const

export interface DatabaseConnection {
  /** A host name or address, or the directory of a Unix socket (then it starts with `/`). */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: Secret | null
  readonly sslMode: SslMode
  /** File with the certificates to trust (`sslrootcert` of a URL); null for the system's. */
  readonly sslRootCertificate: string | null
}

export interface DatabaseConfig {
  readonly connection: DatabaseConnection
  /** Who said so: Cornac's own override, Mastodon's `DATABASE_URL`, or its `DB_*` variables. */
  readonly source: 'mastodon.database_url' | 'DATABASE_URL' | 'DB_*'
  /** Transaction pooling is likely (port 6432 or `PREPARED_STATEMENTS=false`): no session state, no named statements. */
  readonly pgbouncerLikely: boolean
  /** Never written to, and behind the primary. */
  readonly replica: DatabaseConnection | null
}

export interface RedisSecrets {
  readonly user: string | null
  readonly password: Secret | null
  readonly db: number
}

export type RedisEndpoint = RedisSecrets &
  (
    | { readonly kind: 'server'; readonly host: string; readonly port: number; readonly tls: boolean }
    | { readonly kind: 'socket'; readonly path: string }
    | {
        readonly kind: 'sentinel'
        readonly master: string
        readonly sentinels: readonly { readonly host: string; readonly port: number }[]
        readonly sentinelUser: string | null
        readonly sentinelPassword: Secret | null
      }
  )

export interface RedisConfig {
  readonly base: RedisEndpoint
  readonly sidekiq: RedisEndpoint
  readonly cache: RedisEndpoint
  /** `REDIS_NAMESPACE`, 4.3 only: prefixes base and Sidekiq keys with `<namespace>:`. */
  readonly namespace: string | null
}

export interface FileSystemStorageConfig {
  readonly kind: 'file-system'
  /** Absolute. */
  readonly root: string
  /** What stands before a key in a public address; no slash at the end. */
  readonly publicUrl: string
}

export interface S3StorageConfig {
  readonly kind: 's3'
  readonly bucket: string
  readonly region: string
  /** Null for Amazon's own. */
  readonly endpoint: string | null
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. */
  readonly pathStyle: boolean
  /** A stored object's name is this, a slash, and the key; null for none. A slash at its own end is kept. */
  readonly keyPrefix: string | null
  /** The canned ACL of new objects; null sends none (buckets with enforced ownership refuse any). */
  readonly permission: string | null
  readonly storageClass: string | null
  /** Null leaves it to the SDK's own chain (instance roles, `~/.aws`). */
  readonly credentials: {
    readonly accessKeyId: Secret
    readonly secretAccessKey: Secret
    readonly sessionToken: Secret | null
  } | null
  readonly protocol: 'http' | 'https'
  readonly hostname: string
  readonly aliasHost: string | null
  readonly openTimeoutMs: number
  readonly readTimeoutMs: number
  readonly retryLimit: number
  /** Bytes from which Mastodon uploads in parts. */
  readonly multipartThreshold: number
  /** Keys per bulk delete. */
  readonly batchDeleteLimit: number
  readonly publicUrl: string
}

export interface SwiftStorageConfig {
  readonly kind: 'swift'
  readonly container: string
  readonly authUrl: string
  readonly publicUrl: string
}

export interface AzureStorageConfig {
  readonly kind: 'azure'
  readonly account: string
  readonly container: string
  readonly publicUrl: string
}

export type StorageConfig =
  | FileSystemStorageConfig
  | S3StorageConfig
  | SwiftStorageConfig
  | AzureStorageConfig

export interface InstanceConfig {
  /** In handles: `@user@localDomain`. */
  readonly localDomain: string
  /** In addresses: `https://webDomain/`. */
  readonly webDomain: string
  readonly alternateDomains: readonly string[]
  /** With its scheme, without a slash at the end; null if assets come from the web domain. */
  readonly cdnHost: string | null
  /** Every other host under which media may be published, without scheme. */
  readonly aliasHosts: readonly string[]
  /** Only domains on the allow list are spoken to. */
  readonly limitedFederation: boolean
  /** Null: the variable is not set, Mastodon's own setting in the database decides. */
  readonly authorizedFetch: boolean | null
  /** Networks that Mastodon may reach although they are not public; CIDR. */
  readonly allowedPrivateAddresses: readonly string[]
  /** Null: the version's default (ImageMagick in 4.3, libvips from 4.4). */
  readonly useLibvips: boolean | null
}

export interface StateConfig {
  /** Where Cornac's own tables lie; null for Mastodon's own database. */
  readonly connection: DatabaseConnection | null
}

export interface ScanConfig {
  /** Shards read side by side. */
  readonly concurrency: number
  /** Files younger than this are not called orphans. */
  readonly minAgeMs: number
}

export interface HealConfig {
  /** Fetches side by side, over all origins. */
  readonly concurrency: number
  /** Fetches side by side from one origin. */
  readonly perHost: number
  /** For one file, redirects included. */
  readonly timeoutMs: number
  /** Mastodon's own list and the one of cornac.yaml together; CIDR. */
  readonly allowedPrivateAddresses: readonly string[]
}

/** How much one run that removes may do; null for no limit. */
export interface ApplyConfig {
  readonly maxDelete: number | null
  readonly maxDeleteBytes: number | null
  readonly maxDurationMs: number | null
  readonly requestsPerSecond: number | null
}

/** US dollars. */
export interface PricesConfig {
  /** For a thousand requests that list or copy; removing costs nothing where this is asked. */
  readonly requestsPerThousand: number
  /** For 2^30 bytes kept for a month. */
  readonly gbMonth: number
  /** `amazon`: Amazon's published prices of S3 Standard in us-east-1, at least in part. */
  readonly source: 'settings' | 'amazon'
}

export interface Config {
  readonly sources: {
    /** Mastodon's settings file; null when everything came from the environment. */
    readonly envFile: string | null
    /** cornac.yaml; null when there is none. */
    readonly configFile: string | null
  }
  readonly instance: InstanceConfig
  readonly database: DatabaseConfig
  readonly redis: RedisConfig
  readonly storage: StorageConfig
  readonly state: StateConfig
  readonly scan: ScanConfig
  readonly heal: HealConfig
  readonly apply: ApplyConfig
  /** Null where nothing is known of what storage costs. */
  readonly prices: PricesConfig | null
  /** Absolute; where interrupted scans are kept. May not exist yet. */
  readonly stateDir: string
  /** Sentences about what is allowed but rarely meant: an override, an ignored line. Never a secret. */
  readonly notes: readonly string[]
}
