/** Who this server is and whom it speaks to. Source: Mastodon config/initializers/1_hosts.rb; docs/mastodon.md#settings. */
import type { InstanceConfig } from './config.ts'
import type { Settings } from './settings.ts'
import { domain, hostName, isTrue, list, network } from './validate.ts'

export function resolveInstance(settings: Settings): InstanceConfig {
  const localDomain = domain(settings, 'LOCAL_DOMAIN', null)
  if (localDomain === null && settings.text('LOCAL_DOMAIN') === null) {
    const what = 'LOCAL_DOMAIN is not set, so this does not look like the settings of a Mastodon server'
    settings.problem(
      'LOCAL_DOMAIN',
      what,
      'Name the right file with --env-file, or set it to the domain in your handles',
    )
  }
  const limitedFederation = isTrue(settings, 'LIMITED_FEDERATION_MODE') || isTrue(settings, 'WHITELIST_MODE')
  return {
    localDomain: localDomain ?? '',
    webDomain: domain(settings, 'WEB_DOMAIN', localDomain ?? ''),
    alternateDomains: list(settings, 'ALTERNATE_DOMAINS'),
    cdnHost: cdnHost(settings),
    aliasHosts: aliasHosts(settings),
    limitedFederation,
    authorizedFetch: limitedFederation ? true : switchOrNull(settings, 'AUTHORIZED_FETCH'),
    allowedPrivateAddresses: privateNetworks(settings),
    useLibvips: switchOrNull(settings, 'MASTODON_USE_LIBVIPS'),
  }
}

function cdnHost(settings: Settings): string | null {
  const text = settings.text('CDN_HOST')
  if (text === null) return null
  const address = /^https?:\/\//.test(text) ? text : `https://${text.replace(/^\/\//, '')}`
  if (URL.canParse(address)) return address.replace(/\/+$/, '')
  settings.problem(
    'CDN_HOST',
    `${settings.quote('CDN_HOST')}, which is not a host`,
    'Give one such as https://files.social.example',
  )
  return null
}

/** Hosts alone, whatever form they were given in; those of Mastodon's content security policy (docs/mastodon.md#settings). */
function aliasHosts(settings: Settings): readonly string[] {
  const named = ['S3_ALIAS_HOST', 'S3_CLOUDFRONT_HOST', 'AZURE_ALIAS_HOST', 'S3_HOSTNAME', 'SWIFT_OBJECT_URL']
    .map((name) => settings.text(name))
    .filter((text) => text !== null)
  const extra = list(settings, 'EXTRA_MEDIA_HOSTS')
  const hosts = [...named, ...extra]
    .map((text) => hostName(text.replace(/^[a-z]+:\/\//, '').replace(/\/.*$/s, '')))
    .filter((host) => host !== undefined)
  return [...new Set(hosts)]
}

function switchOrNull(settings: Settings, name: string): boolean | null {
  const text = settings.text(name)
  return text === null ? null : text === 'true'
}

function privateNetworks(settings: Settings): readonly string[] {
  const name = 'ALLOWED_PRIVATE_ADDRESSES'
  const found: string[] = []
  for (const text of list(settings, name)) {
    const cidr = network(text)
    if (cidr !== undefined) found.push(cidr)
    else
      settings.problem(
        name,
        `${name} names ${JSON.stringify(text)}, which is not a network`,
        'Write addresses or networks such as 10.0.0.0/8',
      )
  }
  return found
}
