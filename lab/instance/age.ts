import { withClient } from './database.ts'

/** Every time of the tables that maintenance looks at; ids keep theirs. */
const TIMES: Readonly<Record<string, readonly string[]>> = {
  accounts: [
    'updated_at',
    'last_webfingered_at',
    'avatar_updated_at',
    'header_updated_at',
    'suspended_at',
    'silenced_at',
  ],
  account_stats: ['updated_at', 'last_status_at'],
  media_attachments: ['created_at', 'updated_at', 'file_updated_at', 'thumbnail_updated_at'],
  preview_cards: ['created_at', 'updated_at', 'image_updated_at'],
  custom_emojis: ['created_at', 'updated_at', 'image_updated_at'],
  account_deletion_requests: ['created_at', 'updated_at'],
  notifications: ['created_at', 'updated_at'],
  favourites: ['created_at', 'updated_at'],
  bookmarks: ['created_at', 'updated_at'],
  users: ['current_sign_in_at'],
}

/**
 * Lets days pass in which nothing happens: all times that maintenance looks at move into the past. Ids stay, so `created_at`
 * of media comes before the time its id encodes; nothing reads the two together but as an upper bound.
 */
export async function ageInstance(instance: { readonly databaseUrl: string }, days: number): Promise<void> {
  await withClient(instance.databaseUrl, async (client) => {
    for (const [table, columns] of Object.entries(TIMES)) {
      const changes = columns.map((column) => `${column} = ${column} - interval '${Number(days)} days'`)
      await client.query(`UPDATE ${table} SET ${changes.join(', ')}`)
    }
  })
}
