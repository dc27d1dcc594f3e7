import type { SyntaxNode } from 'unbash'

/** What of a compound statement may run, in the order of the text: every branch, and a loop's body once. */
export function mayRun(node: SyntaxNode): readonly SyntaxNode[] {
  switch (node.type) {
    case 'Statement':
      return [node.command]
    case 'CompoundList':
      return node.commands
    case 'If':
      return [
        node.clause,
        node.then,
        ...node.elif.flatMap((branch) => [branch.clause, branch.then]),
        ...(node.else === undefined ? [] : [node.else]),
      ]
    case 'While':
      return [node.clause, node.body]
    case 'BraceGroup':
    case 'Select':
    case 'ArithmeticFor':
      return [node.body]
    case 'Case':
      return node.items.map((item) => item.body)
    default:
      return []
  }
}
