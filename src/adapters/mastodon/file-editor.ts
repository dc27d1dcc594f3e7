/** Makes rows name new files, or nothing, where they still are what was seen. */
import type { Pool } from 'pg'
import { KINDS } from '../../core/model/media.ts'
import type { MediaRecord } from '../../core/model/record.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { FileEditor } from '../../core/ports/mastodon.ts'
import { change } from '../postgres/ask.ts'
import { clearFileStatement, nameFileStatement } from './queries/change-file.ts'
import { healColumns, readOnlyInstance, refuseLackingRights } from './write-rights.ts'

/** Each call is one statement and one transaction; many may be under way. */
export function openFileEditor(pool: Pool, schema: SchemaFacts): FileEditor {
  return {
    refuseIfReadOnly: (kinds, options) =>
      refuseLackingRights(pool, schema, healColumns(schema, kinds), 'healed', options),
    async nameFile(fileChange, fence, options) {
      refuse(schema, fileChange.seen)
      const { text, values } = nameFileStatement(fileChange, fence, schema)
      return (await change(pool, text, values, options)) === 1
    },
    async clearFile(seen, fence, options) {
      refuse(schema, seen)
      // Rails could never save such an emoji again: its image must be there (docs/mastodon.md#file-columns).
      if (seen.kind === 'emoji') throw new Error(`emoji ${seen.id} was to be cleared`)
      const { text, values } = clearFileStatement(seen, fence, schema)
      return (await change(pool, text, values, options)) === 1
    },
  }
}

function refuse(schema: SchemaFacts, seen: MediaRecord): void {
  if (schema.readOnlyBecause !== null) throw readOnlyInstance(schema.readOnlyBecause, 'healed')
  if (KINDS[seen.kind].protected) throw new Error(`${seen.kind} ${seen.id} was to be changed`)
}
