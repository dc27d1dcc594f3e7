import { chmod } from 'node:fs/promises'
import type { ExpectedFinding } from '../expected-findings.ts'
import type { DiskMedia } from '../media/disk-media.ts'
import { keysInDatabase } from '../rows-in-database.ts'
import { victimKeysOf, type Breakable, type Breakage, type VictimOptions } from './breakage.ts'

/** An instance whose media lies on disk: only there do files have modes. */
export interface DiskBreakable extends Breakable {
  readonly media: DiskMedia
}

/** Files of people in good standing with mode 0600, as a copy under the wrong umask leaves them: `unreadable`. */
export async function closeFiles(instance: DiskBreakable, options: VictimOptions = {}): Promise<Breakage> {
  const findings: ExpectedFinding[] = []
  for await (const { key, file } of victimKeysOf(instance, 'close', options)) {
    await chmod(instance.media.pathOf(key), 0o600)
    findings.push({ code: 'unreadable', kind: file.kind, id: file.id, key })
  }
  return { findings, files: findings.length, bytes: 0 }
}

/** A folder nobody may enter, until it is opened again. */
export interface ClosedFolder extends Breakage {
  /** Gives the folder its mode back; without this it cannot be deleted. */
  reopen(): Promise<void>
}

/**
 * A folder with mode 0000: everything rows claim below it is `unreadable`, as nothing can be known about it.
 * Root enters it all the same: to see the findings, scan as another user.
 */
export async function closeFolder(instance: DiskBreakable, folder: string): Promise<ClosedFolder> {
  const path = instance.media.pathOf(folder)
  await chmod(path, 0o000)
  const findings: ExpectedFinding[] = []
  const below = folder.endsWith('/') ? folder : `${folder}/`
  for await (const { key, file } of keysInDatabase(instance.databaseUrl, instance.version)) {
    if (key.startsWith(below)) findings.push({ code: 'unreadable', kind: file.kind, id: file.id, key })
  }
  return { findings, files: findings.length, bytes: 0, reopen: () => chmod(path, 0o755) }
}
