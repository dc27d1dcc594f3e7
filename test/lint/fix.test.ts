/** What --fix proposes: whole files, without what was found where an edit was offered. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { RULES } from '../../src/core/cron-lint/rules.ts'
import { linted } from './read-schedules.ts'

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'cornac-fix-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

for (const { code } of RULES)
  test(`${code}: what can be mended in its bad samples is gone from what is proposed, and nothing new is wrong`, async () => {
    const copy = join(folder, code)
    cpSync(join(import.meta.dirname, 'samples', code, 'bad'), copy, { recursive: true })
    const first = await linted([copy])
    const mendable = first.findings.filter(({ edits }) => edits.length > 0)
    for (const { path, text } of first.proposals) writeFileSync(path, text, { mode: statSync(path).mode })
    const second = await linted([copy])
    const left = second.findings.map(({ code: found, edits }) => [found, edits.length > 0] as const)
    for (const [found, again] of left) {
      const before = first.findings.some((finding) => finding.code === found)
      // a listing that does not exist becomes a dry run that does
      assert.ok(before || found === 'dry-run-on-schedule', `${found} is new`)
      assert.ok(!again || found === 'same-minute', `${found} could be mended, and was not`)
    }
    for (const { code: mended } of mendable) {
      const count = (findings: typeof second.findings): number =>
        findings.filter((each) => each.code === mended).length
      assert.ok(count(second.findings) < count(first.findings), `${mended} is still there`)
    }
    assert.ok(readdirSync(copy).length > 0)
  })
