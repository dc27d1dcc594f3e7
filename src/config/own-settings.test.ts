import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { OWN_SETTING_PATHS, ownSettingsJsonSchema, variablesOf } from './own-settings.ts'

const read = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

test('the JSON Schema shipped for editors is current (node scripts/write-config-schema.ts writes it)', async () => {
  assert.deepEqual(JSON.parse(await read('cornac.schema.json')), ownSettingsJsonSchema())
})

test('every setting of the schema can be overridden, and nothing else', () => {
  const leaves: string[] = []
  const walk = (schema: Record<string, unknown>, path: readonly string[]): void => {
    const properties = schema['properties'] as Record<string, Record<string, unknown>> | undefined
    if (properties === undefined) leaves.push(path.join('.'))
    for (const [name, part] of Object.entries(properties ?? {})) walk(part, [...path, name])
  }
  walk(ownSettingsJsonSchema(), [])
  assert.deepEqual(leaves.toSorted(), [...OWN_SETTING_PATHS].toSorted())
})

test('the documentation names every setting and its variable', async () => {
  const text = await read('configuration.md')
  for (const path of OWN_SETTING_PATHS) {
    assert.ok(text.includes(`\`${path}\``), path)
    for (const variable of variablesOf(path)) assert.ok(text.includes(`\`${variable}\``), variable)
  }
})
