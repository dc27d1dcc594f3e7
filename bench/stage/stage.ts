/** What the benchmarks share: one PostgreSQL, instances built on first use, folders; all gone at the end. */
import { buildInstance, type LabInstance } from '../../lab/instance/build-instance.ts'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import { writeMedia } from '../../lab/instance/media/write-media.ts'
import { drawPictures } from '../../lab/instance/pictures.ts'
import { startPostgres, type LabPostgres } from '../../lab/servers/postgres.ts'
import { openFolders, type Folders } from './folders.ts'

export const SEED = 7

export interface Stage extends AsyncDisposable {
  /** `count`, or a tenth of it in a quick run. */
  size(count: number): number
  readonly quick: boolean
  readonly folders: Folders
  /** A real database of a server that knows that many remote accounts; no files. */
  instance(accounts: number, options?: { readonly attachments?: number }): Promise<LabInstance>
  /** The same with the avatars and headers on disk, tiny pictures. */
  instanceOnDisk(accounts: number): Promise<DiskInstance>
  /** One line about what is being done. */
  tell(line: string): void
}

export interface DiskInstance {
  readonly lab: LabInstance
  readonly root: string
  /** Mastodon's variables for it. */
  readonly env: Readonly<Record<string, string>>
  readonly files: number
}

/** Memory that a file of a tree takes, with its folders: measured 4.2 KB of content and some 6 KB of inodes. */
const TREE_BYTES_PER_ACCOUNT = 24_000

export function openStage(quick: boolean, tell: (line: string) => void): Stage {
  const folders = openFolders()
  const pictures = drawPictures(SEED, 'tiny')
  const instances = new Map<string, Promise<LabInstance>>()
  const trees = new Map<number, Promise<DiskInstance>>()
  let postgres: Promise<LabPostgres> | undefined

  async function build(name: string, accounts: number, attachments: number): Promise<LabInstance> {
    tell(`building the database of a server that knows ${accounts} accounts`)
    postgres ??= startPostgres()
    const server = await postgres
    await server.createDatabase(name)
    const databaseUrl = server.url(name)
    return buildInstance({
      version: '4.5',
      databaseUrl,
      accounts,
      attachments,
      seed: SEED,
      pictures: await pictures,
    })
  }

  function instance(accounts: number, { attachments = 400 } = {}): Promise<LabInstance> {
    const name = `bench_${accounts}_${attachments}`
    const known = instances.get(name) ?? build(name, accounts, attachments)
    instances.set(name, known)
    return known
  }

  async function plant(accounts: number): Promise<DiskInstance> {
    const lab = await instance(accounts)
    const root = folders.fresh({ inMemoryBytes: accounts * TREE_BYTES_PER_ACCOUNT })
    tell(`writing avatars and headers of ${accounts} accounts to ${root}`)
    const media = diskMedia(`${root}/system`)
    const { files } = await writeMedia(lab.world, media, { kinds: ['avatar', 'header'] })
    return { lab, root: media.root, env: { ...lab.env, ...media.env }, files }
  }

  return {
    quick,
    size: (count) => (quick ? Math.ceil(count / 10) : count),
    folders,
    instance,
    instanceOnDisk(accounts) {
      const known = trees.get(accounts) ?? plant(accounts)
      trees.set(accounts, known)
      return known
    },
    tell,
    async [Symbol.asyncDispose]() {
      tell('removing what was built')
      await (await postgres)?.stop()
      folders[Symbol.dispose]()
    },
  }
}
