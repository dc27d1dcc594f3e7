import type { ArrayValue, Assignment, Word as WordNode } from 'unbash'
import type { MappedText } from '../text/mapped-text.ts'
import { expand } from './expand.ts'
import type { Scope } from './scope.ts'
import type { ShellWord } from './shell-word.ts'

/** The words of one argument; an assignment behind a command (`env A=b`, `export A=b`) is one word, whatever its value. */
export function expandArgument(
  node: WordNode | Assignment,
  text: MappedText,
  scope: Scope,
): readonly ShellWord[] {
  if (node.type === 'Word') return expand(node, text, scope)
  const value = isArray(node.value) ? [] : expand(node.value, text, scope)
  return [joinWords(`${node.name}=`, value, node, text)]
}

/** Words that stand between `pos` and `end` as one, behind a prefix. */
export function joinWords(
  prefix: string,
  words: readonly ShellWord[],
  { pos, end }: { readonly pos: number; readonly end: number },
  text: MappedText,
): ShellWord {
  return {
    text: prefix + words.map((word) => word.text).join(' '),
    mapped: text.slice(pos, end),
    place: text.place(pos, end),
    unknown: words.some((word) => word.unknown),
  }
}

/** `A=(b c)`: several values, which no rule asks about. */
export function isArray(value: WordNode | ArrayValue): value is ArrayValue {
  return value.type === 'ArrayValue'
}
