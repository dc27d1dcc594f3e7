/** YAML as nodes with places. Aliases are never followed and nothing is made into plain objects: a bomb stays small. */
import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, type Node, type YAMLMap } from 'yaml'
import type { Place, Word } from '../../../core/model/scheduled.ts'
import type { ReadingContext } from '../reading.ts'
import { MappedText, MappedTextBuilder } from '../text/mapped-text.ts'
import type { SourceFile } from '../text/source-file.ts'

/** Longer files are not read: values and manifests have a few thousand lines. */
const LONGEST_YAML = 128 * 1024
/** A file that opens more brackets than this, or goes deeper, is no configuration. */
const MOST_DEPTH = 200

/** The documents of a file, the parts that could be read. Templates of Helm are read as if they stood for a word. */
export function openYaml({ file, unread }: ReadingContext): readonly Node[] {
  if (file.text.length > LONGEST_YAML) {
    unread('too-long', `${file.text.length} characters`)
    return []
  }
  if (isDeep(file.text)) {
    unread('too-deep', null)
    return []
  }
  const text = file.text.includes('{{') ? withoutTemplates(file.text) : file.text
  const documents = parseAllDocuments(text, {
    strict: false,
    uniqueKeys: false,
    logLevel: 'silent',
    prettyErrors: false,
  })
  if (!Array.isArray(documents)) return []
  const broken = documents.find((document) => document.errors.length > 0)
  if (broken !== undefined) unread('not-understood', placeText(file, broken.errors[0]?.pos[0] ?? 0))
  return documents.flatMap((document) => (document.contents === null ? [] : [document.contents as Node]))
}

function placeText(file: SourceFile, offset: number): string {
  return `line ${file.place(offset, offset).line}`
}

/** Brackets within brackets, or ever deeper dashes and blanks. */
function isDeep(text: string): boolean {
  let depth = 0
  let deepest = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 91 || code === 123) deepest = Math.max(deepest, ++depth)
    else if ((code === 93 || code === 125) && depth > 0) depth--
  }
  return deepest > MOST_DEPTH || /^[ \t]{2000}/m.test(text) || /(?:[-?:] ){200}/.test(text)
}

/** `{{ … }}` as letters of the same length; a line of nothing else as a comment. */
function withoutTemplates(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      if (/^\s*\{\{[^]*\}\}\s*$/.test(line)) return `#${'x'.repeat(Math.max(0, line.length - 1))}`
      return line.replaceAll(/\{\{.*?\}\}/g, (template) => 'x'.repeat(template.length))
    })
    .join('\n')
}

export function asMap(node: unknown): YAMLMap | undefined {
  return isMap(node) ? node : undefined
}

export function get(node: unknown, key: string): Node | undefined {
  if (!isMap(node)) return undefined
  const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
  const value = pair?.value
  return value === null || value === undefined || isAlias(value) ? undefined : (value as Node)
}

/** Follows one name after the other. */
export function dig(node: unknown, ...keys: readonly string[]): Node | undefined {
  let at: unknown = node
  for (const key of keys) at = get(at, key)
  return at as Node | undefined
}

export function itemsOf(node: unknown): readonly Node[] {
  return isSeq(node) ? (node.items.filter((item) => item !== null && !isAlias(item)) as Node[]) : []
}

export function entriesOf(
  node: unknown,
): readonly (readonly [key: string, value: Node | null, keyNode: Node])[] {
  if (!isMap(node)) return []
  return node.items.flatMap((item) =>
    isScalar(item.key)
      ? [[String(item.key.value), (item.value as Node | null) ?? null, item.key as Node] as const]
      : [],
  )
}

export function textOf(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined
  const { value, source } = node
  if (typeof value === 'string') return value
  return source ?? (typeof value === 'number' || typeof value === 'boolean' ? `${value}` : undefined)
}

export function placeOf(node: unknown, file: SourceFile): Place {
  const range = (node as Node | undefined)?.range
  return file.place(range?.[0] ?? 0, range?.[1] ?? 0)
}

export function wordOf(node: unknown, file: SourceFile): Word | null {
  const mapped = mappedOf(node, file)
  if (mapped === null) return null
  const { text } = mapped
  const exact = text !== '' && mapped.isExact(0, text.length)
  return { text, place: exact ? mapped.place(0, text.length) : placeOf(node, file), exact, unknown: false }
}

/** The value of a scalar, each character with its place where the file has it as it is. */
export function mappedOf(node: unknown, file: SourceFile): MappedText | null {
  const value = textOf(node)
  const range = (node as Node | undefined)?.range
  if (value === undefined || range === null || range === undefined) return null
  const [start, end] = range
  const type = isScalar(node) ? node.type : undefined
  const quoted = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE'
  const inside = quoted ? { from: start + 1, to: end - 1 } : { from: start, to: end }
  if (file.text.slice(inside.from, inside.to) === value) return MappedText.of(file, inside.from, inside.to)
  const block = type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED'
  return (
    byLines(value, file, block ? file.text.indexOf('\n', start) + 1 : inside.from, inside.to) ??
    MappedText.standingFor(file, value, start, end)
  )
}

/** Values of several lines: each line's text is looked up where it stands, what joins them is anywhere between. */
function byLines(value: string, file: SourceFile, start: number, end: number): MappedText | null {
  const builder = new MappedTextBuilder(file)
  let at = start
  let done = 0
  while (done < value.length) {
    const lineEnd = Math.min(end, orEnd(file.text.indexOf('\n', at), end))
    const from = at + (/^[ \t]*/.exec(file.text.slice(at, lineEnd))?.[0].length ?? 0)
    const line = file.text.slice(from, lineEnd).trimEnd()
    // blanks before a line belong to the value in literal blocks
    const found = line === '' ? -1 : value.indexOf(line, done)
    if (found !== -1) {
      const between = value.slice(done, found)
      if (between.trim() !== '') return null
      if (between !== '') builder.addFor(between, from, from)
      builder.addRange(from, from + line.length)
      done = found + line.length
    } else if (line !== '') return null
    if (lineEnd >= end) break
    at = lineEnd + 1
  }
  const rest = value.slice(done)
  if (rest.trim() !== '') return null
  if (rest !== '') builder.addFor(rest, end, end)
  return builder.length === value.length ? builder.done() : null
}

function orEnd(index: number, end: number): number {
  return index === -1 ? end : index
}
