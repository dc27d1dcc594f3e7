import type { Assignment } from 'unbash'
import type { MappedText } from '../text/mapped-text.ts'
import { expand } from './expand.ts'
import { isArray, joinWords } from './expand-argument.ts'
import type { Scope } from './scope.ts'

/** `NAME=value`; what is made of parts (arrays, `+=`) makes the variable one whose value nobody knows. */
export function assign(assignment: Assignment, text: MappedText, scope: Scope, exported: boolean): void {
  const { name } = assignment
  if (isArray(assignment.value) || assignment.index !== undefined || assignment.append === true) {
    scope.variables.delete(name)
    return
  }
  const value = expand(assignment.value, text, scope)
  const [only] = value
  const word = value.length === 1 && only !== undefined ? only : joinWords('', value, assignment, text)
  if (exported || scope.exportAll || scope.environment.has(name)) scope.environment.set(name, word)
  else scope.variables.set(name, word)
}
