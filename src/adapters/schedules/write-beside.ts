import { writeFile } from 'node:fs/promises'
import { KnownError } from '../../core/errors.ts'

const MOST_TRIES = 100

/** Cron and systemd pass over names that end like this, so that a proposal never runs by itself. */
export async function writeBeside(path: string, text: string): Promise<string> {
  for (let i = 1; i <= MOST_TRIES; i++) {
    const target = i === 1 ? `${path}.cornac` : `${path}.cornac.${i}`
    try {
      await writeFile(target, text, { flag: 'wx', mode: 0o600 })
      return target
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') continue
      throw new KnownError({
        code: 'proposal-not-written',
        what: `${target} cannot be written (${code})`,
        remedy: 'Run lint without --fix, or on a copy in a folder of your own',
        cause: error,
      })
    }
  }
  throw new KnownError({
    code: 'proposal-not-written',
    what: `there are ${MOST_TRIES} proposals beside ${path} already`,
    remedy: 'Remove those that are not needed any more',
  })
}
