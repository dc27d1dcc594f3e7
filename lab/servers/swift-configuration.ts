/** swift.conf: the hash of every path, and one storage policy. */
export const swiftHash = `[swift-hash]
swift_hash_path_suffix = lab-suffix
swift_hash_path_prefix = lab-prefix
[storage-policy:0]
name = Policy-0
default = yes
`

/** One of the three servers behind the proxy. Settings: https://docs.openstack.org/swift/latest/config/. */
export function storageConfiguration(options: {
  readonly directory: string
  readonly kind: 'account' | 'container' | 'object'
  readonly port: number
  readonly user: string
}): string {
  const { directory, kind, port, user } = options
  return `[DEFAULT]
devices = ${directory}/srv
mount_check = false
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = ${user}
swift_dir = ${directory}/etc
recon_cache_path = ${directory}/cache
log_address = ${directory}/run/no-log-socket
log_level = WARNING
fallocate_reserve = 0
[pipeline:main]
pipeline = ${kind}-server
[app:${kind}-server]
use = egg:swift#${kind}
`
}

/**
 * The proxy with both protocols: native (tempauth, version 1) and S3 (s3api). It must not shun a server that refused ten
 * connections, as it would for a minute: while all of them start, that happens.
 */
export function proxyConfiguration(options: {
  readonly directory: string
  readonly port: number
  readonly memcachedPort: number
  readonly user: string
}): string {
  const { directory, port, memcachedPort, user } = options
  const filters =
    'catch_errors gatekeeper healthcheck cache listing_formats bulk tempurl s3api tempauth copy slo dlo'
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = ${user}
swift_dir = ${directory}/etc
log_address = ${directory}/run/no-log-socket
log_level = WARNING
[pipeline:main]
pipeline = ${filters} versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
error_suppression_limit = 1000000
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${memcachedPort}
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
check_bucket_owner = false
[filter:tempauth]
use = egg:swift#tempauth
user_admin_admin = admin .admin .reseller_admin
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
${[
  'catch_errors',
  'gatekeeper',
  'healthcheck',
  'listing_formats',
  'bulk',
  'tempurl',
  'copy',
  'slo',
  'dlo',
  'symlink',
]
  .map((name) => `[filter:${name}]\nuse = egg:swift#${name}\n`)
  .join('')}`
}
