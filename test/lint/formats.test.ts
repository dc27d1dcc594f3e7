/** What machines read: every finding of the corpus as SARIF 2.1.0, and the signs that GitHub’s annotations must not hold. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { lintGithub } from '../../src/apps/cli/render/lint-github.ts'
import { lintSarif } from '../../src/apps/cli/render/lint-sarif.ts'
import type { LintResult } from '../../src/core/cron-lint/lint.ts'
import { setups } from './corpus.ts'
import { linted } from './read-schedules.ts'

const CORPUS = join(import.meta.dirname, 'corpus')

interface Region {
  readonly startLine: number
  readonly startColumn: number
  readonly endLine: number
  readonly endColumn: number
}

/** The schema of SARIF 2.1.0: lines and columns from 1, and an end that is not before its start. */
function assertRegion({ startLine, startColumn, endLine, endColumn }: Region): void {
  for (const number of [startLine, startColumn, endLine, endColumn])
    assert.ok(Number.isInteger(number) && number >= 1, String(number))
  assert.ok(endLine > startLine || (endLine === startLine && endColumn >= startColumn))
}

describe('SARIF', () => {
  test('has what the schema requires for every finding of the corpus', async () => {
    let count = 0
    for (const setup of setups()) {
      const result = await linted([join(CORPUS, setup)])
      const log = JSON.parse(lintSarif(result, 'en'))
      assert.deepEqual([log.version, typeof log.$schema, log.runs.length], ['2.1.0', 'string', 1])
      const [run] = log.runs
      assert.equal(run.results.length, result.findings.length)
      for (const each of run.results) {
        count++
        assert.equal(run.tool.driver.rules[each.ruleIndex].id, each.ruleId)
        assert.match(each.message.text, /\S/)
        assert.ok(['error', 'warning', 'note'].includes(each.level))
        const { artifactLocation, region } = each.locations[0].physicalLocation
        assert.ok(URL.canParse(artifactLocation.uri, 'file:///'), artifactLocation.uri)
        assertRegion(region)
        for (const fix of each.fixes ?? []) {
          assert.ok(fix.artifactChanges.length > 0)
          for (const change of fix.artifactChanges) {
            assert.ok(change.replacements.length > 0)
            assert.ok(URL.canParse(change.artifactLocation.uri, 'file:///'))
            for (const { deletedRegion } of change.replacements) assertRegion(deletedRegion)
          }
        }
      }
    }
    assert.ok(count > 80, `only ${count} findings`)
  })

  test('names a relative path as a relative reference, and standard input as stdin', () => {
    const uri = (file: string): string =>
      JSON.parse(lintSarif(finding(file), 'en')).runs[0].results[0].locations[0].physicalLocation
        .artifactLocation.uri
    assert.equal(uri('deploy/my cron:50%.tab'), 'deploy/my%20cron%3A50%25.tab')
    assert.equal(uri('/etc/cron.d/a b'), 'file:///etc/cron.d/a%20b')
    assert.equal(uri('-'), 'stdin')
  })
})

describe('annotations of GitHub', () => {
  test('escape percent signs and line breaks in text, and colons and commas besides in properties', () => {
    assert.equal(
      lintGithub(finding('a,b:c%\r\n.tab', 'It is 50%: yes,\r\n::error::no.'), 'en'),
      '::warning file=a%2Cb%3Ac%25%0D%0A.tab,line=2,endLine=2,col=3,endColumn=9,title=same-minute' +
        '::It is 50%25: yes,%0D%0A::error::no. Harm.\n',
    )
  })

  test('call a note a notice, and give no end column to what goes over several lines', () => {
    const [note] = finding('f').findings
    assert.ok(note)
    const over = { ...note, severity: 'note' as const, place: { ...note.place, endLine: 4, endColumn: 1 } }
    assert.match(
      lintGithub({ ...finding('f'), findings: [over] }, 'en'),
      /^::notice file=f,line=2,endLine=4,col=3,title=same-minute::/,
    )
  })
})

function finding(file: string, message = 'Message.'): LintResult {
  return {
    findings: [
      {
        code: 'same-minute',
        severity: 'warning',
        place: { file, line: 2, column: 3, endLine: 2, endColumn: 9 },
        message: { en: message, fr: message },
        harm: { en: 'Harm.', fr: 'Mal.' },
        fix: { en: 'Fix.', fr: 'Remède.' },
        line: '',
        lineFrom: 0,
        betterLine: null,
        cornacLine: null,
        edits: [],
      },
    ],
    proposals: [],
    version: null,
  }
}
