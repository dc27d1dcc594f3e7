import { allAttachments } from '../attachments.ts'
import { allCards } from '../cards.ts'
import { allEmoji, LOCAL_EMOJI } from '../emoji.ts'
import { BACKUPS, IMPORTS, protectedFiles, PROVIDERS, SITE_VARS } from '../protected-files.ts'
import { statusId } from '../status-groups.ts'
import { fileCells, fileColumns } from '../stored-file.ts'
import { DAY_MS, since, type World } from '../world.ts'
import { fewRows, rowsFor, type Cell, type TableRows } from './table-rows.ts'

const META = '{"original":{"width":720,"height":480,"size":"720x480","aspect":1.5}}'
const BLURHASH = 'UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH'

/** `media_attachments`. A cleared row keeps its meta and blurhash: clients draw them until the file is back. */
export function attachmentRows(world: World): TableRows {
  const told = since(world, '4.6')
  return {
    table: 'media_attachments',
    columns: [
      'id',
      'status_id',
      'account_id',
      'created_at',
      'updated_at',
      'remote_url',
      'type',
      ...fileColumns('file'),
      'file_storage_schema_version',
      ...fileColumns('thumbnail'),
      'thumbnail_remote_url',
      'processing',
      'file_meta',
      'blurhash',
      ...(told ? ['thumbnail_storage_schema_version'] : []),
    ],
    rows: (function* (): Generator<readonly Cell[]> {
      for (const attachment of allAttachments(world)) {
        const { file, thumbnail } = attachment
        const seen = attachment.type <= 2
        yield [
          attachment.id,
          attachment.statusId,
          attachment.accountId,
          new Date(attachment.createdAtMs),
          new Date(attachment.updatedAtMs),
          attachment.remoteUrl,
          attachment.type,
          ...fileCells(file),
          file.version,
          ...fileCells(thumbnail),
          thumbnail.remoteUrl,
          attachment.type === 3 ? null : 2,
          seen ? META : null,
          seen ? BLURHASH : null,
          ...(told ? [thumbnail.version] : []),
        ]
      }
    })(),
  }
}

/** `custom_emoji_categories` and `custom_emojis`. */
export function emojiRows(world: World): readonly TableRows[] {
  const old = new Date(world.nowMs - 1000 * DAY_MS)
  return [
    fewRows('custom_emoji_categories', ['id', 'name', 'created_at', 'updated_at'], [[1, 'Ours', old, old]]),
    {
      table: 'custom_emojis',
      columns: [
        'id',
        'shortcode',
        'domain',
        ...fileColumns('image'),
        'image_remote_url',
        'image_storage_schema_version',
        'uri',
        'category_id',
        'created_at',
        'updated_at',
      ],
      rows: (function* (): Generator<readonly Cell[]> {
        for (const emoji of allEmoji(world)) {
          const made = new Date(emoji.createdAtMs)
          yield [
            emoji.id,
            emoji.shortcode,
            emoji.domain,
            ...fileCells(emoji.file),
            emoji.file.remoteUrl,
            emoji.file.version,
            emoji.remote ? `https://${emoji.domain}/emojis/${emoji.id}` : null,
            Number(emoji.id) <= LOCAL_EMOJI / 2 ? 1 : null,
            made,
            made,
          ]
        }
      })(),
    },
  ]
}

/** `preview_cards`, what they hang on, and those that trend. */
export function cardRows(world: World): readonly TableRows[] {
  return [
    {
      table: 'preview_cards',
      columns: [
        'id',
        'url',
        'title',
        'description',
        ...fileColumns('image'),
        'image_storage_schema_version',
        'type',
        'width',
        'height',
        'provider_name',
        'blurhash',
        'created_at',
        'updated_at',
      ],
      rows: (function* (): Generator<readonly Cell[]> {
        for (const card of allCards(world)) {
          yield [
            card.id,
            card.url,
            `Story ${card.id}`,
            'What happened, and to whom',
            ...fileCells(card.file),
            card.file.version,
            0,
            480,
            252,
            'News',
            card.file.version === null ? null : BLURHASH,
            new Date(card.createdAtMs),
            new Date(card.updatedAtMs),
          ]
        }
      })(),
    },
    {
      table: 'preview_cards_statuses',
      columns: ['preview_card_id', 'status_id', 'url'],
      rows: rowsFor(world.cards, (index) => [
        index + 1,
        statusId(world, index, 3),
        `https://news.example/stories/${index + 1}?from=fediverse`,
      ]),
    },
    {
      table: 'preview_card_trends',
      columns: ['preview_card_id', 'score', 'rank', 'allowed', 'language'],
      rows: rowsFor(Math.min(10, world.cards), (index) => [
        world.cards - index,
        9.5 - index / 10,
        index + 1,
        true,
        'en',
      ]),
    },
  ]
}

/** Site uploads, backups, card providers, and on 4.3 imports. */
export function protectedRows(world: World): readonly TableRows[] {
  const files = (kind: string) => protectedFiles(world).filter((file) => file.kind === kind)
  const old = new Date(world.nowMs - 3 * DAY_MS)
  const rows = [
    fewRows(
      'site_uploads',
      ['id', 'var', ...fileColumns('file'), 'created_at', 'updated_at'],
      files('site-upload').map((row, at) => [row.id, SITE_VARS[at] ?? '', ...fileCells(row.file), old, old]),
    ),
    fewRows(
      'backups',
      ['id', 'user_id', ...fileColumns('dump'), 'processed', 'created_at', 'updated_at'],
      files('backup')
        .slice(0, BACKUPS)
        .map((row) => [row.id, 1, ...fileCells(row.file), true, old, old]),
    ),
    fewRows(
      'preview_card_providers',
      ['id', 'domain', ...fileColumns('icon'), 'trendable', 'created_at', 'updated_at'],
      files('provider-icon').map((row, at) => [
        row.id,
        PROVIDERS[at] ?? '',
        ...fileCells(row.file),
        true,
        old,
        old,
      ]),
    ),
  ]
  if (since(world, '4.4')) return rows
  const imports = files('import').slice(0, IMPORTS)
  return [
    ...rows,
    fewRows(
      'imports',
      ['id', 'type', 'account_id', ...fileColumns('data'), 'approved', 'created_at', 'updated_at'],
      imports.map((row) => [row.id, 0, 1, ...fileCells(row.file), true, old, old]),
    ),
  ]
}
