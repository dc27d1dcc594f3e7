/**
 * Preview cards that name a file or have named one, in the order `cardTarget` reads: page, eight file columns. Clearing
 * leaves the blurhash (docs/mastodon.md#clearing); cards that never had an image have none.
 * Relies on preview_cards as in 4.3 to 4.6.
 */
import type { SchemaFacts } from '../../../core/model/schema.ts'
import { fileColumns } from './record-columns.ts'

/** `$2` of them with ids below `$1`, newest first. */
export function cardTargetsBelow(schema: SchemaFacts): string {
  return `SELECT r.url, ${fileColumns('card', schema)} FROM preview_cards r
    WHERE r.id < $1 AND (r.image_file_name <> '' OR r.image_updated_at IS NOT NULL OR r.blurhash <> '')
    ORDER BY r.id DESC LIMIT $2`
}

/** Those among the ids in `$1`, with or without a trace of an image. */
export function cardTargetsById(schema: SchemaFacts): string {
  return `SELECT r.url, ${fileColumns('card', schema)} FROM preview_cards r WHERE r.id = ANY($1::bigint[])`
}
