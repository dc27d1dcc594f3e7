/** Options that do not exist: the one that was meant is proposed with its value, and a value is never left alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lintedText } from './read-schedules.ts'

const line = (call: string): string =>
  `0 1 * * 0 cd /home/mastodon/live && RAILS_ENV=production bin/tootctl ${call}\n`

for (const [written, better] of [
  ['media remove --num-days 14', 'media remove --days 14'],
  ['media remove --num-days=14', 'media remove --days=14'],
  ['media remove --num_days 14', 'media remove --days 14'],
  ['media remove --num_days=14', 'media remove --days=14'],
  ['media remove --NUM_DAYS=14', 'media remove --days=14'],
  ['media remove --day 14', 'media remove --days 14'],
  ['media remove --num-days "$DAYS"', 'media remove --days "$DAYS"'],
  ['media remove --day=14', 'media remove --days=14'],
  ['media remove -days 14', 'media remove --days 14'],
  ['media remove --older-than 14 --concurrency 3', 'media remove --days 14 --concurrency 3'],
  ['preview_cards remove -d 30', 'preview_cards remove --days 30'],
  ['preview_cards remove --threads=3 --days 30', 'preview_cards remove --concurrency=3 --days 30'],
  ['accounts prune --dryrun', 'accounts prune --dry-run'],
  ['media remove --num-days "14"', 'media remove --days "14"'],
  ['media remove --days 14 --colour 3', 'media remove --days 14'],
  ['media remove --colour "3" --days 14', 'media remove --days 14'],
  ["media remove 'now' --days 14", 'media remove --days 14'],
  ['media remove --colour=3 --days 14', 'media remove --days 14'],
  ['media remove --num-days --concurrency 3', 'media remove --concurrency 3'],
  ['media remove --num-days soon', null],
] as const)
  test(`${written} becomes ${better ?? 'nothing that would run with another age'}`, async () => {
    const { findings, proposals } = await lintedText(line(written))
    assert.equal(findings[0]?.code, 'unknown-option')
    if (better === null) return assert.doesNotMatch(proposals[0]?.text ?? '', /--days/)
    assert.equal(findings.length, 1)
    assert.equal(`${findings[0].betterLine}\n`, line(better))
    const left = (await lintedText(proposals[0]?.text ?? '')).findings
    assert.deepEqual(
      left.filter(({ code }) => code !== 'dry-run-on-schedule').map(({ message }) => message.en),
      [],
    )
  })
