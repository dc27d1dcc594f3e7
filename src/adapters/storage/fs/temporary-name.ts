/** Names of files that are being written: of one target, each another, and told apart from those of every other target. */
import { createHash, randomBytes } from 'node:crypto'

/** `.cornac-<of the target>-<random>.part`: short enough for every file system, however long the target's name is. */
export function temporaryName(fileName: string): string {
  return `${temporaryBeginning(fileName)}${randomBytes(8).toString('hex')}.part`
}

export function isTemporaryOf(name: string, fileName: string): boolean {
  return name.startsWith(temporaryBeginning(fileName)) && name.endsWith('.part')
}

function temporaryBeginning(fileName: string): string {
  return `.cornac-${createHash('sha256').update(fileName).digest('hex').slice(0, 16)}-`
}
