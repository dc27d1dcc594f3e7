import { Dice, subjectOf } from '../dice.ts'
import type { ExpectedFinding } from '../expected-findings.ts'
import { folderOf, FOLDERS, idFolders, rootOf, type LabKind } from '../keys.ts'
import { DAY_MS } from '../world.ts'
import type { DatabaseFile } from '../rows-in-database.ts'
import { mediaOf, victimsOf, type Breakable, type Breakage, type VictimOptions } from './breakage.ts'

/** How an orphan comes to be. */
export type OrphanSort =
  /** the row is gone: a deleted account, an SQL `DELETE` */
  | 'no-row'
  /** the row names a newer file: a replacement died after its upload */
  | 'old-name'
  /** a still without the moving picture it was made from */
  | 'stale-static'
  /** the same name under the other root: a migration that copied and never removed */
  | 'wrong-root'

const SORTS: readonly OrphanSort[] = ['no-row', 'old-name', 'stale-static', 'wrong-root']

export interface OrphanOptions extends VictimOptions {
  /** Default all four, in turn. */
  readonly sorts?: readonly OrphanSort[] | undefined
  /** Age of the objects on disk; stores that keep their own clock make them new. Default ten days. */
  readonly ageMs?: number | undefined
}

/** Objects that no row claims, next to the rows hit or in the name of rows that never were: each an `orphan`. */
export async function leaveOrphans(instance: Breakable, options: OrphanOptions = {}): Promise<Breakage> {
  const media = mediaOf(instance)
  const sorts = options.sorts ?? SORTS
  const modifiedAtMs = Date.now() - (options.ageMs ?? 10 * DAY_MS)
  const findings: ExpectedFinding[] = []
  let bytes = 0
  let number = 0
  for await (const file of victimsOf(instance, 'orphan', options)) {
    const dice = new Dice(1, subjectOf(`orphan ${file.kind} ${file.id}`), number)
    const sort = sorts[number++ % sorts.length] ?? 'no-row'
    const key = orphanKey(sort, file, dice)
    const content = Buffer.alloc(100 + dice.below(900), dice.below(256))
    await media.put(key, content, 'image/png', { modifiedAtMs })
    findings.push({ code: 'orphan', kind: file.kind, id: null, key })
    bytes += content.length
  }
  return { findings, files: findings.length, bytes }
}

function orphanKey(sort: OrphanSort, file: DatabaseFile, dice: Dice): string {
  const hex = dice.hex16()
  switch (sort) {
    case 'no-row':
      return `${rootOf(file)}${FOLDERS[file.kind]}/${idFolders(idOfNobody(file.kind, dice))}/original/${hex}.png`
    case 'old-name':
      return `${folderOf(file)}/original/${hex}.jpeg`
    case 'stale-static':
      return `${folderOf(file)}/${secondStyle(file.kind)}/${hex}.png`
    case 'wrong-root': {
      const other = rootOf(file) === 'cache/' ? '' : 'cache/'
      return `${other}${FOLDERS[file.kind]}/${idFolders(file.id)}/original/${file.fileName}`
    }
  }
}

/** No row has it: a snowflake of 2035, or a counted id far beyond any sequence. */
function idOfNobody(kind: LabKind, dice: Dice): string {
  return kind === 'emoji' || kind === 'card'
    ? String(700_000_000 + dice.below(1_000_000))
    : String(134_000_000_000_000_000n + BigInt(dice.next()))
}

/** The style folder in which this kind keeps what it derives; thumbnails and cards derive nothing. */
function secondStyle(kind: LabKind): string {
  if (kind === 'attachment') return 'small'
  return kind === 'thumbnail' || kind === 'card' ? 'original' : 'static'
}
