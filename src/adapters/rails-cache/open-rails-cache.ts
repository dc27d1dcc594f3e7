/** Mastodon's Rails cache in Redis. Values are Ruby's own: deleted, never read or written (docs/mastodon.md#rails-cache). */
import type { MastodonVersion } from '../../core/model/schema.ts'
import type { RailsCache } from '../../core/ports/vitals.ts'
import { connectRedis, type RedisSettings } from '../redis/connect-redis.ts'

/**
 * Only 4.3 knows a namespace. Source: Mastodon `config/environments/production.rb`, `app/models/custom_emoji.rb`.
 * @throws KnownError if Redis cannot be reached or refuses us; so does everything asked of it later
 */
export async function openRailsCache(
  settings: RedisSettings,
  options: { readonly version: MastodonVersion | null },
): Promise<RailsCache & { close(): Promise<void> }> {
  const { ask, close } = await connectRedis(settings)
  const cache =
    options.version === '4.3' && settings.namespace !== null ? `${settings.namespace}_cache` : 'cache'
  return {
    async dropEmoji(shortcode, domain, { signal } = {}) {
      signal?.throwIfAborted()
      await ask((redis) => redis.del(`${cache}:emoji:${shortcode.toLowerCase()}:${domain.toLowerCase()}`))
    },
    close: async () => close(),
  }
}
