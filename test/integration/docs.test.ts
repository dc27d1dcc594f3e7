/** The pages for admins say what the program says: every option, every exit code, every word of its answers. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { describe, test } from 'node:test'
import type { Command } from '../../src/apps/cli/command.ts'
import { COMMANDS } from '../../src/apps/cli/commands.ts'
import { COMMON_EXITS, EXIT_CODES } from '../../src/apps/cli/exit-codes.ts'
import { OwnSettings, type OwnSettingPath } from '../../src/config/own-settings.ts'
import { KEEP_RULES } from '../../src/core/plan/keep-rules.ts'
import { keepRulesFor, PRUNE_KINDS, type PrunePreset } from '../../src/core/model/prune-policy.ts'
import { FINDING_CODES } from '../../src/core/model/finding.ts'
import { REASONS } from '../../src/core/model/heal-outcome.ts'
import { ALL_KINDS, KINDS } from '../../src/core/model/media.ts'
import { HealTally } from '../../src/core/heal/heal-tally.ts'

/** Verbs with a page of their own, two-word ones on that of their first word; `config check` is in docs/configuration.md. */
const verbs = await Promise.all(
  COMMANDS.filter(({ name }) => name !== 'config check').map(async (entry) => ({
    name: entry.name,
    command: await entry.load(),
    page: await pageOf(entry.name),
    on: pageName(entry.name),
  })),
)

for (const { name, command, page, on } of verbs) {
  describe(`docs/${on}.md about cornac ${name}`, () => {
    test('names every option and argument as the help does', () => {
      const words = [
        ...(command.options ?? []).map(({ flags }) => flags),
        ...(command.arguments ?? []).map((argument) => argument.name),
      ]
      for (const word of words) assert.ok(page.includes(`\`${word}\``), `${word} is not explained`)
    })

    test('names no option that does not exist', () => {
      const here = verbs.filter((verb) => verb.on === on).flatMap((verb) => verb.command.options ?? [])
      const known = new Set(['--help', ...GLOBAL, ...here.flatMap(flagsOf)])
      const prose = page.replaceAll(/^.*(?:tootctl|npm |prune-profiles|include-follows).*$/gm, '')
      for (const { name: other, command: its } of verbs)
        if (prose.includes(`cornac ${other}`) || prose.includes(`${other}.md`))
          for (const flag of (its.options ?? []).flatMap(flagsOf)) known.add(flag)
      for (const [flag] of prose.matchAll(/(?<=[\s`])--[a-z][a-z-]*/g))
        assert.ok(known.has(flag), `${flag} is no option of cornac ${name}`)
    })

    test('lists the exit codes of the command, and no others', () => {
      const [, section = ''] = page.split(/^## Exit codes$/m)
      const listed = [...section.split(/^## /m)[0]!.matchAll(/^\| +(\d+) +\|/gm)].map(([, code]) =>
        Number(code),
      )
      const ends = [...COMMON_EXITS, ...command.exitCodes].map((end) => EXIT_CODES[end].code)
      assert.deepEqual(
        listed,
        ends.sort((a, b) => a - b),
      )
    })

    test('shows the examples it can be tried with', () => {
      assert.match(page, new RegExp(`^\\$ cornac ${name}\\b`, 'm'))
      for (const heading of ['Options', 'JSON', 'Exit codes', 'What it costs', 'Questions'])
        assert.match(page, new RegExp(`^## ${heading}$`, 'm'))
    })
  })
}

test('docs/scan.md explains every finding and names every kind', async () => {
  const page = await pageOf('scan')
  for (const code of FINDING_CODES) assert.match(page, new RegExp(`^\\| \`${code}\` `, 'm'))
  for (const kind of ALL_KINDS) assert.ok(page.includes(`\`${KINDS[kind].plural}\``), kind)
})

test('docs/heal.md explains every reason, and no reason that does not exist', async () => {
  const page = await pageOf('heal')
  const [, chapter = ''] = page.split(/^## Why a picture was left alone/m)
  const explained = [...chapter.split(/^## /m)[0]!.matchAll(/^\| `([a-z-]+)` /gm)].map(([, reason]) => reason)
  assert.deepEqual(new Set(explained), new Set(Object.keys(REASONS)))
})

test('docs/heal.md names every member of the JSON answer', async () => {
  const page = await pageOf('heal')
  const { bytesStored: _, ...counts } = new HealTally().result()
  const others = [
    'scope',
    'plan',
    'via',
    'stopped',
    'recovered',
    'seconds',
    'healed_per_second',
    'bytes_stored',
    'bytes_fetched',
    'left_behind',
  ]
  const planned = ['fixable', 'requests', 'without_request', 'bytes']
  for (const member of [...others, ...planned, ...Object.keys(counts)])
    assert.ok(page.includes(`\`${member}\``), member)
})

test('docs/prune.md has every rule with its sentence and the kinds it may keep under each preset', async () => {
  const page = await pageOf('prune')
  const rows = [...page.matchAll(/^\| `([a-z-]+)` +\| (.+?) +\| (.+?) +\| (.+?) +\|$/gm)]
  const said = new Map(rows.map(([, name = '', ...cells]) => [name, cells]))
  for (const { name, sentence } of KEEP_RULES) {
    const kinds = (preset: PrunePreset): string => {
      // Every option that brings rules with it.
      const options = { includeFollows: false, keepInteracted: true, linkOnly: true, domain: 'a.example' }
      const policy = { preset, kinds: PRUNE_KINDS, cutoffMs: 0, madeAtMs: 0, ...options }
      const kept = PRUNE_KINDS.filter((kind) => keepRulesFor(policy, kind, { quotes: true }).includes(name))
      return kept.map((kind) => KINDS[kind].plural).join(', ') || '-'
    }
    assert.deepEqual(said.get(name), [sentence, kinds('cornac'), kinds('tootctl')], name)
  }
})

test('the defaults in help and pages are those of the settings', () => {
  const defaults = OwnSettings.parse({}) as unknown as Record<string, Record<string, unknown>>
  for (const { name, command, page } of verbs)
    for (const { flags, description, setting } of command.options ?? []) {
      if (setting === undefined) continue
      const value = valueAt(defaults, setting)
      assert.ok(description.includes(`(default: ${value}, or ${setting})`), `${flags}: ${description}`)
      const row = page.split('\n').find((line) => line.startsWith(`| \`${flags}\``)) ?? ''
      assert.ok(row.includes(`${value} unless told, or what \`${setting}\` says`), `${name}: ${row}`)
    }
})

test('every page README.md links to is there, and every page links to pages that are there', async () => {
  const pages = ['README.md', ...verbs.map(({ on }) => `docs/${on}.md`)]
  for (const path of pages) {
    const text = await readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\(([^)#:]+\.md)(?:#[^)]*)?\)/g))
      await readFile(new URL(target, new URL(`../../${path}`, import.meta.url)), 'utf8')
  }
})

test('every heading that the sources cite is there', async () => {
  const cited = new Map<string, string>()
  for (const folder of ['src', 'test', 'lab', 'bench', 'scripts'])
    for (const path of await filesBelow(folder, /\.(?:ts|mjs|sql|json)$/))
      for (const [heading] of (await textOf(path)).matchAll(/\b(?:docs\/[\w-]+|[A-Z]+)\.md#[\w-]+/g))
        cited.set(heading, path)
  assert.ok(cited.size > 20, `${cited.size} headings are cited`)
  for (const [heading, path] of cited) {
    const [page = '', anchor = ''] = heading.split('#')
    assert.ok((await anchorsOf(page)).has(anchor), `${path} cites ${heading}`)
  }
})

test('every heading that a page links to is there', async () => {
  const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...(await filesBelow('docs', /\.md$/))]
  for (const path of pages)
    for (const [, target = '', anchor = ''] of (await textOf(path)).matchAll(/\]\(([\w/.-]*)#([\w-]+)\)/g)) {
      const page = target === '' ? path : posix.join(posix.dirname(path), target)
      assert.ok((await anchorsOf(page)).has(anchor), `${path} links to ${target}#${anchor}`)
    }
})

/** Those of every verb, as parse.ts declares them. */
const GLOBAL = ['--env-file', '--config', '--json', '--quiet', '--verbose', '--no-color']

function flagsOf({ flags }: NonNullable<Command['options']>[number]): readonly string[] {
  return flags.match(/--[a-z-]+/g) ?? []
}

function valueAt(defaults: Record<string, Record<string, unknown>>, path: OwnSettingPath): string {
  const [section = '', name = ''] = path.split('.')
  const value = defaults[section]?.[name]
  if (value === null) return 'none'
  assert.ok(typeof value === 'string' || typeof value === 'number', path)
  return String(value)
}

async function pageOf(verb: string): Promise<string> {
  return textOf(`docs/${pageName(verb)}.md`)
}

/** A file of the project, by its path from the root. */
async function textOf(path: string): Promise<string> {
  return readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
}

async function filesBelow(folder: string, names: RegExp): Promise<readonly string[]> {
  const entries = await readdir(new URL(`../../${folder}`, import.meta.url), { recursive: true })
  return entries.filter((name) => names.test(name)).map((name) => `${folder}/${name}`)
}

/** What the headings of a page are called in an address: lower case, hyphens for spaces, no other punctuation. */
async function anchorsOf(page: string): Promise<ReadonlySet<string>> {
  const headings = (await textOf(page)).matchAll(/^#{1,6} (.+)$/gm)
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  )
}

/** `ledger explain` is on the page of `ledger`. */
function pageName(verb: string): string {
  return verb.split(' ')[0] ?? verb
}
