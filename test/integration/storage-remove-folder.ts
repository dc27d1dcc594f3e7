/**
 * Removes keys from a media folder as another user, if one is named, and prints the answers as JSON: modes mean nothing to
 * root. A first removal, of what is not there, loads everything the second needs: the other user may not be able to read
 * this program.
 */
import { readFileSync } from 'node:fs'
import { openFileStorage } from '../../src/adapters/storage/fs.ts'

const [, , root = '', user = ''] = process.argv
const keys = JSON.parse(readFileSync(0, 'utf8')) as readonly string[]
const storage = openFileStorage({ root })
await storage.remove(Array.from({ length: 5000 }, (_, i) => `nothing/here/${i}`))
if (user !== '') {
  process.setgroups?.([Number(user)])
  process.setgid?.(Number(user))
  process.setuid?.(Number(user))
}
process.stdout.write(JSON.stringify(await storage.remove(keys)))
await storage.close()
