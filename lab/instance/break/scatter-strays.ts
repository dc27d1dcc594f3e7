import type { ExpectedFinding } from '../expected-findings.ts'
import { DAY_MS } from '../world.ts'
import { mediaOf, type Breakable, type Breakage } from './breakage.ts'

/** Names found in real media stores that no record of Mastodon's could ever claim. */
const STRAYS = [
  '.well-known/acme-challenge/token',
  'backup-before-move.tar',
  'cache/.DS_Store',
  'cache/README.md',
  'cache/accounts/avatars/Thumbs.db',
  'cache/accounts/avatars/000/000/007/original.png',
  'cache/accounts/avatars/000/000/0007/original/0123456789abcdef.png',
  'cache/accounts/banners/000/000/007/original/0123456789abcdef.png',
  'cache/accounts/headers/000/000/007/huge/0123456789abcdef.png',
  'cache/site_uploads/files/000/000/007/original/0123456789abcdef.png',
  'media_attachments/files/000/00a/007/original/0123456789abcdef.png',
  'other-application/logs/2024-01-01.txt',
] as const

/** Objects of no known shape, as shared buckets and tidy admins leave them: each a `stray`. */
export async function scatterStrays(instance: Breakable): Promise<Breakage> {
  const media = mediaOf(instance)
  const findings: ExpectedFinding[] = []
  for (const key of STRAYS) {
    await media.put(key, Buffer.from(key), 'text/plain', { modifiedAtMs: Date.now() - 90 * DAY_MS })
    findings.push({ code: 'stray', kind: null, id: null, key })
  }
  return { findings, files: STRAYS.length, bytes: STRAYS.join('').length }
}
