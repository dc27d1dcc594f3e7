/** Mastodon's database, connected and probed. */
import type { MastodonDatabase } from '../../core/ports/mastodon.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { openBelievedUse } from './believed-use.ts'
import { connectDatabase, type DatabaseSettings } from '../postgres/connect.ts'
import { readDomainRules } from './domain-rules.ts'
import { openFileEditor } from './file-editor.ts'
import { openHealSource } from './heal-source.ts'
import { readInstanceActorKey } from './instance-actor-key.ts'
import { probeSchema } from './probe-schema.ts'
import { openPruneEditor } from './prune-editor.ts'
import { openPruneSource } from './prune-source.ts'
import { openRecords } from './records.ts'
import { openVitals } from './vitals.ts'

/** @throws KnownError if the database cannot be reached or is no Mastodon this program knows */
export async function openMastodonDatabase(
  settings: DatabaseSettings,
  options?: CallOptions,
): Promise<MastodonDatabase> {
  const pool = await connectDatabase(settings)
  try {
    const schema = await probeSchema(pool, options)
    return {
      schema,
      ...openRecords(pool, schema),
      ...openBelievedUse(pool, schema),
      ...openHealSource(pool, schema),
      ...openFileEditor(pool, schema),
      ...openVitals(pool, schema),
      prune: { ...openPruneSource(pool, schema), ...openPruneEditor(pool, schema) },
      instanceActorKey: (callOptions) => readInstanceActorKey(pool, callOptions),
      domainRules: (callOptions) => readDomainRules(pool, callOptions),
      close: () => pool.end(),
    }
  } catch (error) {
    await pool.end()
    throw error
  }
}
