import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { COMMANDS, GROUPS } from './commands.ts'

test('every entry of the table loads the command of its name, and every file has an entry', async () => {
  const loaded = await Promise.all(COMMANDS.map(async (entry) => [entry.name, (await entry.load()).name]))
  for (const [name, loadedName] of loaded) assert.equal(loadedName, name)
  const files = await readdir(new URL('commands/', import.meta.url))
  const commands = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  assert.deepEqual(
    commands.toSorted(),
    COMMANDS.map(({ name }) => `${name.replaceAll(' ', '-')}.ts`).toSorted(),
  )
})

test('the first word of every two-word command is explained, or is a command that comes before it', () => {
  for (const { name } of COMMANDS) {
    const [first = '', second] = name.split(' ')
    const names = COMMANDS.map((entry) => entry.name)
    if (second !== undefined)
      assert.ok(GROUPS[first] ?? (names.includes(first) && names.indexOf(first) < names.indexOf(name)), first)
  }
})

test('every command has a summary, a description with a full stop, and an example that calls it', async () => {
  for (const entry of COMMANDS) {
    assert.ok(entry.summary.length > 10 && !entry.summary.endsWith('.'), entry.name)
    const { description, examples } = await entry.load()
    assert.match(description, /\.$/, entry.name)
    assert.ok(
      examples.some(({ line }) => line.startsWith(`cornac ${entry.name}`)),
      entry.name,
    )
  }
})
