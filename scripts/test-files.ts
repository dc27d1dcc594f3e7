import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The test files of the project, sorted, relative to `root`. */
export interface TestFiles {
  /** Beside the code, needing nothing but Node. */
  readonly unit: readonly string[]
  /** All others: everything in test/, and whatever starts or shares a server of the lab. */
  readonly withServers: readonly string[]
}

/** Finds them. `filters` keeps the paths that contain one of these texts; none keeps all. */
export async function findTestFiles(root: string, filters: readonly string[] = []): Promise<TestFiles> {
  const unit: string[] = []
  const withServers: string[] = []
  for await (const path of glob('{src,lab,test}/**/*.test.ts', { cwd: root })) {
    if (filters.length > 0 && !filters.some((filter) => path.includes(filter.replace(/^\.\//, '')))) continue
    const needsServers = path.startsWith('test/') || namesAServer(await readFile(join(root, path), 'utf8'))
    ;(needsServers ? withServers : unit).push(path)
  }
  return { unit: unit.sort(), withServers: withServers.sort() }
}

function namesAServer(source: string): boolean {
  return /(test\/(needs|shared-servers)|servers\/(postgres|redis|pgbouncer|ceph-rgw|swift))\.ts'/.test(source)
}
