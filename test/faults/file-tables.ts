/** Mastodon's tables that name files of remote records. */
export const FILE_TABLES = ['accounts', 'media_attachments', 'preview_cards', 'custom_emojis'] as const
export type FileTable = (typeof FILE_TABLES)[number]
