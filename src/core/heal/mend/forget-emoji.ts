/** An emoji with a new file: Rails would show the old name from its cache for a week (docs/mastodon.md#rails-cache). */
import type { HealTarget } from '../../model/heal-target.ts'
import type { MendPorts } from './mend-ports.ts'

/** Nothing for other kinds. */
export async function forgetEmoji(
  { cache }: Pick<MendPorts, 'cache'>,
  { record, shortcode }: HealTarget,
): Promise<void> {
  if (record.kind === 'emoji' && shortcode !== null && record.domain !== null)
    await cache.dropEmoji(shortcode, record.domain)
}
