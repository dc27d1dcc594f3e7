/** A small Mastodon whose followed profiles are broken and whose origins answer: a heal that runs has work to do. */
import { startFediverse, type Fediverse } from '../lab/fediverse/fediverse.ts'
import { deleteFiles } from '../lab/instance/break/delete-files.ts'
import { pruneProfiles } from '../lab/instance/break/prune-profiles.ts'
import { buildInstance, type LabInstance } from '../lab/instance/build-instance.ts'
import type { MediaSink } from '../lab/instance/media/media-sink.ts'
import { freshName, sharedPostgres } from './shared-servers.ts'

export interface BrokenInstance extends AsyncDisposable {
  readonly lab: LabInstance
  /** Its database's name; nobody is connected to it. */
  readonly database: string
  readonly fediverse: Fediverse
  /** Mastodon's variables, with leave to fetch from loopback. */
  readonly env: Readonly<Record<string, string>>
}

export interface BrokenOptions<Media extends MediaSink> {
  readonly media: Media
  readonly accounts?: number | undefined
  readonly followed?: number | undefined
  /** Leave the profiles as they are. Default false. */
  readonly whole?: boolean | undefined
}

/** Version 4.6; the first user, alice, follows `followed` accounts. Disposing drops the database and stops the origins. */
export async function brokenInstance<Media extends MediaSink>({
  media,
  accounts = 60,
  followed = 12,
  whole = false,
}: BrokenOptions<Media>): Promise<
  BrokenInstance & { readonly lab: LabInstance & { readonly media: Media } }
> {
  const postgres = await sharedPostgres()
  const database = freshName('broken')
  await postgres.createDatabase(database)
  const fediverse = await startFediverse({ hosts: 3 })
  const dispose = async (): Promise<void> => {
    await fediverse.stop()
    await postgres.dropDatabase(database)
  }
  try {
    const lab = await buildInstance({
      version: '4.6',
      databaseUrl: postgres.url(database),
      accounts,
      followsOfFirstUser: followed,
      seed: 21,
      pictures: 'tiny',
      media,
      pictureUrl: ({ username, domain }, which) =>
        fediverse.urlFor({
          username,
          host: fediverse.hostOf(domain),
          which: which === 'header' ? which : 'avatar',
          // Mastodon takes no JPEG for an emoji.
          ...(which === 'emoji' ? { extension: 'png' as const } : {}),
        }),
      actorUrl: ({ username, domain }) => fediverse.actorFor(username, fediverse.hostOf(domain)),
    })
    if (!whole) {
      await pruneProfiles(lab, { days: 7, includeFollows: true })
      await deleteFiles(lab, { share: 0.2, kinds: ['avatar', 'header'] })
    }
    return {
      lab: { ...lab, media },
      database,
      fediverse,
      env: { ...lab.env, ALLOWED_PRIVATE_ADDRESSES: '127.0.0.0/8' },
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}
