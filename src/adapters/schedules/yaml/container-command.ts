import { isSeq, type Node } from 'yaml'
import type { Wrapper } from '../../../core/model/scheduled.ts'
import type { ReadingContext } from '../reading.ts'
import { emptyScope, type Scope } from '../shell/scope.ts'
import type { ShellWord } from '../shell/shell-word.ts'
import { walkScript, walkWords, type Walked } from '../shell/walk.ts'
import { itemsOf, mappedOf, placeOf } from './nodes.ts'

/** A scope inside of a container that somebody else starts: its image sets Ruby, folder and user. */
export function containerScope(kind: 'container' | 'cluster', program: string): Scope {
  const wrapper: Wrapper = { kind, program, words: [], user: null, terminal: [] }
  return { ...emptyScope(), wrappers: [wrapper] }
}

/** A command that is a list of words or one line. */
export function walkCommand(
  nodes: readonly (Node | undefined)[],
  scope: Scope,
  { file, findScript }: ReadingContext,
): Walked {
  const words: ShellWord[] = []
  for (const node of nodes) {
    if (node === undefined) continue
    if (!isSeq(node)) {
      const text = mappedOf(node, file)
      if (text === null) continue
      if (words.length === 0) return walkScript(text, scope, findScript)
      words.push({ text: text.text, mapped: text, place: placeOf(node, file), unknown: false })
      continue
    }
    for (const item of itemsOf(node)) {
      const mapped = mappedOf(item, file)
      if (mapped !== null)
        words.push({ text: mapped.text, mapped, place: placeOf(item, file), unknown: false })
    }
  }
  return words.length === 0 ? { commands: [], cutShort: false } : walkWords(words, scope, findScript)
}

/** What a service or container sets for its processes. */
export function addEnvironment(
  scope: Scope,
  name: string,
  value: Node | null,
  { file }: ReadingContext,
): void {
  const mapped = mappedOf(value, file)
  if (mapped !== null)
    scope.environment.set(name, { text: mapped.text, mapped, place: placeOf(value, file), unknown: false })
}
