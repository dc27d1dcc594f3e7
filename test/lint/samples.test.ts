/** Each rule on files that it must complain about, and on their like that it must leave alone. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { LANGUAGES } from '../../src/core/cron-lint/rule.ts'
import { RULES } from '../../src/core/cron-lint/rules.ts'
import { linted } from './read-schedules.ts'

const SAMPLES = join(import.meta.dirname, 'samples')

/** A file, or a folder of files that belong together. */
function samplesOf(code: string, kind: 'bad' | 'good'): readonly string[] {
  return readdirSync(join(SAMPLES, code, kind)).map((name) => join(SAMPLES, code, kind, name))
}

/** A timer and its service are one sample. */
async function findingsIn(code: string, kind: 'bad' | 'good', path: string) {
  const pair = path.endsWith('.timer')
    ? samplesOf(code, kind).filter((other) => other.endsWith('.service'))
    : []
  return linted([path, ...pair])
}

test('every folder of samples is of a rule, and every rule has one', () => {
  assert.deepEqual(readdirSync(SAMPLES).sort(), RULES.map(({ code }) => code).sort())
})

for (const { code, severity } of RULES) {
  describe(code, () => {
    const bad = samplesOf(code, 'bad')
    const good = samplesOf(code, 'good')
    test('has two bad samples and two good ones', () => {
      assert.ok(bad.length >= 2 && good.length >= 2, `${bad.length} bad, ${good.length} good`)
    })
    for (const path of bad) {
      if (code === 'schedule-wrong' && path.endsWith('.service')) continue
      test(`complains about ${path.slice(SAMPLES.length + 1)}`, async () => {
        const { findings } = await findingsIn(code, 'bad', path)
        const own = findings.filter((finding) => finding.code === code)
        assert.ok(own.length > 0, `found only ${findings.map((finding) => finding.code).join(', ')}`)
        for (const finding of own) {
          assert.equal(finding.severity, severity)
          for (const language of LANGUAGES) assert.match(finding.message[language], /\S{3}.*\.$/)
          assert.notEqual(finding.line, '', 'the line is shown')
        }
      })
    }
    for (const path of good)
      test(`leaves ${path.slice(SAMPLES.length + 1)} alone`, async () => {
        const { findings, maintenance } = await findingsIn(code, 'good', path)
        assert.deepEqual(
          findings.filter((finding) => finding.code === code).map(({ message }) => message.en),
          [],
        )
        assert.ok(
          maintenance.documents.some(({ tasks, lifecycle }) => tasks.length > 0 || lifecycle.length > 0),
          'the sample was understood',
        )
      })
  })
}
