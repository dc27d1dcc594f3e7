/** The lines of Cornac that lint proposes are read by the command itself: its parser, then the readers of its words and options. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { COMMANDS, GROUPS } from '../../src/apps/cli/commands.ts'
import { overridesOf, type OverrideOptions } from '../../src/apps/cli/apply-request.ts'
import {
  readBudget,
  readHealKinds,
  readScope,
  type BudgetOptions,
  type ScopeOptions,
} from '../../src/apps/cli/heal-request.ts'
import { readOrphanWish, type OrphanOptions } from '../../src/apps/cli/orphans-request.ts'
import { parse } from '../../src/apps/cli/parse.ts'
import { readPolicy, readPruneKinds, type PolicyOptions } from '../../src/apps/cli/prune-request.ts'
import { KnownError } from '../../src/core/errors.ts'
import { BETTER_LINES } from '../../src/core/cron-lint/better-lines.ts'
import { RULES } from '../../src/core/cron-lint/rules.ts'

const NOW_MS = Date.parse('2026-03-01T12:00:00Z')

/** All that the command would refuse before it opens anything. */
async function readLine(line: string): Promise<{ readonly verb: string; readonly global: object }> {
  const [program, ...argv] = line.split(' ')
  assert.equal(program, 'cornac')
  const parsed = await parse({ argv, version: '0', commands: COMMANDS, groups: GROUPS, columns: 80 })
  assert.equal(parsed.kind, 'run', line)
  if (parsed.kind !== 'run') throw new Error('asserted above')
  const { words, command, global, options } = parsed
  switch (command.name) {
    case 'prune':
      readPolicy(readPruneKinds(words), options as PolicyOptions, NOW_MS)
      overridesOf(options as OverrideOptions)
      break
    case 'orphans':
      assert.deepEqual(words, [], 'orphans takes no words')
      readOrphanWish(options as OrphanOptions)
      overridesOf(options as OverrideOptions)
      break
    case 'heal': {
      const scope = readScope(options as ScopeOptions)
      const kinds = readHealKinds(words)
      assert.ok(!kinds.includes('card') || scope === 'all' || scope === 'findings', 'cards belong to nobody')
      readBudget(options as BudgetOptions)
      break
    }
    default:
      assert.fail(`${command.name} is no verb that these lines are about`)
  }
  // from cron a plan that nobody applies does nothing, and a run that may ask must not
  if (command.name !== 'heal') assert.ok('apply' in options, `${line} would only make a plan`)
  return { verb: command.name, global }
}

describe('a better line of Cornac', () => {
  for (const [name, line] of Object.entries(BETTER_LINES))
    test(`${name} is one that the command takes: ${line}`, async () => {
      assert.equal('quiet' in (await readLine(line)).global, true)
    })

  for (const [line, why] of [
    ['cornac prune emoji --days 30 --apply --quiet', /emoji are not pruned/],
    ['cornac prune --days 30 --apply --quiet', /was not told what to prune/],
    ['cornac prune attachments --days 0 --apply', /--days 0 lets go of everything/],
    ['cornac prune attachments --days soon --apply', /--days cannot be "soon"/],
    ['cornac prune attachments --preset mastodon --apply', /--preset cannot be "mastodon"/],
    ['cornac prune attachments cards --preset tootctl --apply', /need a number of days/],
    ['cornac prune cards --include-follows --apply', /is about avatars and headers/],
    ['cornac prune avatars --allow-share 60 --apply', /--allow-share cannot be "60"/],
    ['cornac prune avatars --allow-share avatars=101 --apply', /--allow-share cannot be "avatars=101"/],
    ['cornac orphans --older-than 7d --apply', /--older-than belongs to/],
    ['cornac orphans --grace 1h --apply', /--grace cannot be "1h"/],
    ['cornac heal --quiet', /was not told whose pictures/],
    ['cornac heal --followed --all', /cannot be combined/],
    ['cornac heal backups --followed', /cannot be healed on their own/],
    ['cornac pruned avatars', /pruned/],
    ['cornac prune avatars --older 30', /--older/],
  ] as const)
    test(`cannot be one that the command refuses: ${line}`, async () => {
      await assert.rejects(readLine(line), (error) => error instanceof KnownError && why.test(error.what))
    })

  test('may stand in the text of a rule, where the command takes it as well', async () => {
    for (const { code, fix } of RULES)
      for (const [, line = ''] of `${fix.en} ${fix.fr}`.matchAll(/`(cornac (?:prune|orphans|heal) [^`]*)`/g))
        await assert.doesNotReject(readLine(line.includes('heal') ? line : `${line} --apply`), code)
  })
})
