/** Of Mastodon's own files what lint needs: a few settings that are no secrets, and the version. */
import type { SettingInFile } from '../../../core/model/scheduled.ts'
import type { Found, ReadingContext } from '../reading.ts'

/** Nothing else of the file is kept. */
const WANTED = new Set(['S3_KEY_PREFIX', 'DB_POOL', 'MAX_THREADS'])

/** `.env.production`. */
export function readSettings({ file }: ReadingContext): Found {
  const settings: SettingInFile[] = []
  for (let number = 1; number <= file.lineCount; number++) {
    const { start, end } = file.lineRange(number)
    const line = file.text.slice(start, Math.min(end, start + 512))
    const [, name = '', raw = ''] = /^\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (!WANTED.has(name)) continue
    const text = raw.replace(/^(["'])(.*)\1$/, '$2')
    const place = file.place(start, start + line.length)
    settings.push({ name, place, value: { text, place, exact: false, unknown: false } })
  }
  return { kind: 'settings', settings }
}

/** `lib/mastodon/version.rb`: methods `major` and `minor` that answer with a number. */
export function readVersion({ file }: ReadingContext): Found {
  const part = (name: string): string | undefined =>
    new RegExp(`def ${name}\\s+(\\d+)\\s+end`).exec(file.text)?.[1]
  const [major, minor] = [part('major'), part('minor')]
  return {
    kind: 'settings',
    version: major === undefined || minor === undefined ? null : `${major}.${minor}`,
  }
}
