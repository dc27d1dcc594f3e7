/**
 * Prints the listing of a media folder as JSON, as another user if one is named: modes mean nothing to root. The first
 * listing loads everything the second needs, since the other user may not be able to read this program.
 */
import { openFileStorage } from '../../src/adapters/storage/fs.ts'
import type { Listed } from '../../src/core/model/object.ts'
import type { KeyRange } from '../../src/core/ports/storage.ts'

const [, , root = '', range = '', user = ''] = process.argv
const storage = openFileStorage({ root, readsInFlight: 1 })
await list({ after: '', through: null })
if (user !== '') {
  process.setgroups?.([Number(user)])
  process.setgid?.(Number(user))
  process.setuid?.(Number(user))
}
process.stdout.write(JSON.stringify(await list(JSON.parse(range) as KeyRange)))
await storage.close()

async function list(part: KeyRange): Promise<Listed[]> {
  const entries: Listed[] = []
  for await (const page of storage.list(part)) entries.push(...page)
  return entries
}
