/** Builds a Mastodon: its database, of any size and version, and the media files that belong to it. */
import { databaseEnv, withClient } from './database.ts'
import { claimsOf, type Claim } from './claims.ts'
import { expectedFindings, type ExpectedFinding } from './expected-findings.ts'
import { remoteAccount, type LabAccount } from './accounts.ts'
import { localAccount } from './local-accounts.ts'
import { loadRows } from './load-rows.ts'
import type { MediaSink } from './media/media-sink.ts'
import { writeMedia, type WriteOptions } from './media/write-media.ts'
import { drawPictures, type PicturePool, type PictureSize } from './pictures.ts'
import { allRows } from './rows/all-rows.ts'
import type { LabVersion } from './schema/schema.ts'
import { tablesOf } from './schema/schema.ts'
import { constraintStatements, tableStatements } from './schema/statements.ts'
import { worldOf, type World, type WorldOptions } from './world.ts'

/** What to build, and where. */
export interface InstanceOptions extends WorldOptions, WriteOptions {
  /** An empty database whose owner the URL's user is. */
  readonly databaseUrl: string
  /** Where media files go; null or absent builds the database alone. */
  readonly media?: MediaSink | null | undefined
  /** Default `real`. Whoever builds several instances draws the pictures once and hands them over. */
  readonly pictures?: PictureSize | PicturePool | undefined
}

/** A Mastodon that was built. Everything it knows is computed again on demand: nothing grows with its size. */
export interface LabInstance {
  readonly version: LabVersion
  readonly databaseUrl: string
  readonly localDomain: string
  readonly media: MediaSink | null
  /** Mastodon's own variables for this instance (`.env.production`). */
  readonly env: Readonly<Record<string, string>>
  /** Rows by table. */
  readonly counts: Readonly<Record<string, number>>
  /** Files and bytes written; zero without a sink. */
  readonly written: { readonly files: number; readonly bytes: number }
  readonly firstUser: { readonly id: string; readonly username: string }
  /** PEM. Who knows it can verify what the instance actor, account -99, signs. */
  readonly instanceActorPublicKey: string
  readonly world: World
  remoteAccounts(): Iterable<LabAccount>
  localAccounts(): Iterable<LabAccount>
  /** Every file the unbroken instance has, with its true size; those no kind of Cornac's knows included. */
  claims(): Iterable<Claim>
  /** What a scan of the unbroken instance has to find, no more and no less, if files of all kinds were written. */
  expectedFindings(): Iterable<ExpectedFinding>
}

/**
 * Builds the database, then the files. Rows go in by COPY before indexes and foreign keys exist.
 * A failure leaves whatever was made so far; give the next attempt a fresh database.
 */
export async function buildInstance(options: InstanceOptions): Promise<LabInstance> {
  const { databaseUrl, pictures = 'real' } = options
  const [pool] = await Promise.all([
    typeof pictures === 'string' ? drawPictures(options.seed, pictures) : pictures,
    makeTables(options.version, databaseUrl),
  ])
  const world = worldOf(options, pool)
  const counts = await fillTables(world, databaseUrl)
  const media = options.media ?? null
  const written = media === null ? { files: 0, bytes: 0 } : await writeMedia(world, media, options)
  return instanceOf(world, options.databaseUrl, media, counts, written)
}

function instanceOf(
  world: World,
  databaseUrl: string,
  media: MediaSink | null,
  counts: LabInstance['counts'],
  written: LabInstance['written'],
): LabInstance {
  const { id, username } = localAccount(world, 0)
  return {
    version: world.version,
    databaseUrl,
    localDomain: world.localDomain,
    media,
    env: {
      LOCAL_DOMAIN: world.localDomain,
      RAILS_ENV: 'production',
      ...databaseEnv(databaseUrl),
      ...media?.env,
    },
    counts,
    written,
    firstUser: { id, username },
    instanceActorPublicKey: world.keys.publicKey,
    world,
    remoteAccounts: () => numbered(world.remoteAccounts, (index) => remoteAccount(world, index)),
    localAccounts: () => numbered(world.localUsers, (index) => localAccount(world, index)),
    claims: () => claimsOf(world),
    expectedFindings: () => expectedFindings(world),
  }
}

function* numbered<Item>(count: number, item: (index: number) => Item): Generator<Item> {
  for (let index = 0; index < count; index++) yield item(index)
}

/** Tables without indexes, in an empty database. */
async function makeTables(version: LabVersion, databaseUrl: string): Promise<void> {
  await withClient(databaseUrl, (client) =>
    client.query(tableStatements(version, tablesOf(version)).join(';\n')),
  )
}

/** Rows, then indexes and foreign keys; returns rows by table. */
async function fillTables(world: World, databaseUrl: string): Promise<Record<string, number>> {
  return withClient(databaseUrl, async (client) => {
    const counts: Record<string, number> = {}
    for (const rows of allRows(world)) {
      counts[rows.table] = (counts[rows.table] ?? 0) + (await loadRows(client, rows))
    }
    await client.query(constraintStatements(tablesOf(world.version)).join(';\n'))
    await client.query('ANALYZE')
    return counts
  })
}
