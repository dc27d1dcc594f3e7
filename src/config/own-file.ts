/** Reads cornac.yaml: plain data, and where each of its settings stands. */
import { LineCounter, isMap, isNode, isScalar, parseDocument, type Document } from 'yaml'
import type { Problem } from './problem.ts'

export interface OwnFile {
  readonly path: string
  /** What the file says, unchecked; undefined if it could not be read as YAML. */
  readonly data: unknown
  readonly problems: readonly Problem[]
  /** `cornac.yaml:3:5`, the place of a setting or of the nearest thing around it. */
  place(path: readonly PropertyKey[]): string
}

/** Never throws for what the text is. Messages of the YAML library are not passed on: they quote the file, secrets and all. */
export function parseOwnFile(path: string, text: string): OwnFile {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  const at = (offset: number | undefined): string => {
    if (offset === undefined) return path
    const { line, col } = lineCounter.linePos(offset)
    return `${path}:${line}:${col}`
  }
  const problems = document.errors.map((error) => ({
    setting: null,
    place: at(error.pos[0]),
    what: `This is not valid YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`,
    remedy: 'Look at the indentation, colons and quotes of this line and the one before it',
  }))
  return {
    path,
    data: problems.length > 0 ? undefined : plainData(document, problems, at(0)),
    problems,
    place: (steps) => at(offsetOf(document, steps)),
  }
}

/** An empty file says nothing, which is fine. */
function plainData(document: Document, problems: Problem[], place: string): unknown {
  try {
    return document.toJS() ?? {}
  } catch {
    const remedy = 'Write the values out'
    problems.push({ setting: null, place, what: 'An alias (*name) in this file cannot be followed', remedy })
    return undefined
  }
}

/** Offset of the key at a path; of its parent if the path leads nowhere. */
function offsetOf(document: Document, steps: readonly PropertyKey[]): number | undefined {
  let node: unknown = document.contents
  let offset = isNode(node) ? node.range?.[0] : undefined
  for (const step of steps) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step)
      if (pair === undefined) return offset
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else {
      return offset
    }
  }
  return offset
}
