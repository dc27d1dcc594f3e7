/**
 * Names that are not valid UTF-8, or look so: no key can say them exactly.
 *
 * Node shows such names with U+FFFD in place of the bytes it cannot read, so two of them may look alike, and like a
 * real name that holds U+FFFD. Here the bytes themselves are read again.
 */
import { lstatSync, readdirSync, type Stats } from 'node:fs'
import type { StoredObject } from '../../../core/model/object.ts'
import type { WalkItem } from './walk.ts'

/**
 * The entries of one folder whose decoded names hold U+FFFD. Valid names come back as they are. An invalid name is
 * shown decoded, with further U+FFFD until no sibling has it; its file is described at once, since no key reaches
 * it later, and a folder of such a name is an `UnlistedPrefix`.
 */
export function garbledNames(
  root: string,
  folder: string,
  describe: (key: string, stats: Stats) => StoredObject,
): WalkItem[] {
  const path = `${root}/${folder}`
  const entries = readdirSync(path, { withFileTypes: true, encoding: 'buffer' }).sort((a, b) =>
    Buffer.compare(a.name, b.name),
  )
  const taken = new Set(entries.filter((entry) => isValid(entry.name)).map((entry) => entry.name.toString()))
  const items: WalkItem[] = []
  for (const entry of entries) {
    let shown = entry.name.toString()
    if (!shown.includes('\ufffd')) continue
    if (isValid(entry.name)) {
      if (entry.isDirectory()) items.push(`${folder}${shown}/`)
      else if (entry.isFile() || entry.isSymbolicLink()) items.push(folder + shown)
      continue
    }
    while (taken.has(shown)) shown += '\ufffd'
    taken.add(shown)
    if (entry.isDirectory())
      items.push({ unlisted: `${folder}${shown}/`, reason: 'its name is not valid UTF-8' })
    else if (entry.isFile() || entry.isSymbolicLink()) {
      const stats = lstatSync(Buffer.concat([Buffer.from(path), entry.name]), { throwIfNoEntry: false })
      if (stats !== undefined) items.push(describe(folder + shown, stats))
    }
  }
  return items
}

function isValid(name: Buffer): boolean {
  return Buffer.from(name.toString()).equals(name)
}
