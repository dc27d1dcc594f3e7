import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { OwnRuby } from '../../core/model/scheduled.ts'
import { readTextFile } from './read-file.ts'

/** Where rbenv, rvm, asdf, mise and chruby keep their Rubies, below a home. */
const FOLDERS = ['.rbenv', '.rvm', '.asdf/shims', '.local/share/mise/shims', '.rubies']

const MOST_USERS = 500

/** Users of a host (passwd(5)) that have a Ruby of their own. What this user may not see is not there. */
export function findOwnRubies(root: string): readonly OwnRuby[] {
  const passwd = readTextFile(join(root, '/etc/passwd'))
  if (passwd.kind === 'unread') return []
  const found: OwnRuby[] = []
  for (const line of passwd.text.split('\n', MOST_USERS)) {
    const fields = line.split(':')
    const user = fields[0]
    const home = fields[5]
    if (user === undefined || home === undefined || !home.startsWith('/')) continue
    const folder = FOLDERS.map((name) => join(home, name)).find((path) =>
      statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory(),
    )
    if (folder !== undefined) found.push({ user, path: folder })
  }
  return found
}
