import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { FINDING_CODES } from '../src/core/model/finding.ts'
import { REASONS } from '../src/core/model/heal-outcome.ts'
import { ALL_KINDS } from '../src/core/model/media.ts'

/** Members that are no names of ours but what is counted: kinds, reasons, findings, and both sides of a slash. */
const COUNTED: ReadonlySet<string> = new Set([
  ...ALL_KINDS,
  ...Object.keys(REASONS),
  ...FINDING_CODES,
  ...['local', 'remote'],
])

/**
 * An answer in JSON has no member that the page of its verb does not name, in its chapter about JSON or in those it leads to,
 * and none that is written in another way than the others.
 */
export function assertDocumented(answer: { readonly verb: string }): void {
  const { verb, ...members } = answer
  const [page = ''] = verb.split(' ')
  const said = chaptersFrom(page).join('\n')
  for (const member of new Set(membersOf(members))) {
    if (member.split('/').every((part) => COUNTED.has(part))) continue
    assert.match(member, /^[a-z]+(_[a-z]+)*$/)
    assert.ok(said.includes(`\`${member}\``), `docs/${page}.md does not name the JSON member ${member}`)
  }
}

/** What a page says about JSON, and the pages that it sends its reader to. */
function chaptersFrom(page: string): readonly string[] {
  const chapters = new Map([[page, chapterOf(page)]])
  // A map goes on to what is added while it is walked.
  for (const chapter of chapters.values())
    for (const [, other = ''] of chapter.matchAll(/\((\w+)\.md#json\)/g))
      if (!chapters.has(other)) chapters.set(other, chapterOf(other))
  return [...chapters.values()]
}

function chapterOf(page: string): string {
  const text = readFileSync(new URL(`../docs/${page}.md`, import.meta.url), 'utf8')
  const [, chapter = ''] = text.split(/^## JSON$/m)
  return chapter.split(/^## /m)[0]!
}

const ENVELOPE: ReadonlySet<string> = new Set(['cornac', 'format'])

function* membersOf(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* membersOf(item)
  else if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value)) {
      if (!ENVELOPE.has(name)) yield name
      yield* membersOf(inner)
    }
}
