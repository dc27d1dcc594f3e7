import { proposePrune } from '../../../core/propose-prune.ts'
import { LIMIT_OPTIONS, OVERRIDE_OPTIONS } from '../apply-request.ts'
import {
  carryOut,
  PLANNING_EXITS,
  PLANNING_OPTIONS,
  refuseBothWays,
  type PlanningOptions,
} from '../carry-out.ts'
import type { Command } from '../command.ts'
import { POLICY_OPTIONS, readPolicy, readPruneKinds, type PolicyOptions } from '../prune-request.ts'

type PruneOptions = PolicyOptions & PlanningOptions

/** Lets rows go of files that the rules keep no more. Without --apply it makes a plan and stops. */
export const prune: Command<PruneOptions> = {
  name: 'prune',
  description:
    'Lets go of cached copies that nobody here would miss: avatars, headers, attachments with their thumbnails, and the images of ' +
    'preview cards. Makes a plan, shows it, and stops: cornac apply does it, or --apply at once. Every row is looked at again at ' +
    'that moment, changes only if it still is as it was seen, and its files are removed after it. A journal makes sure that what is ' +
    'interrupted comes to its end, and that a run can be taken back. Emoji, local media and everything a rule keeps stay.',
  arguments: [{ name: '[kind...]', description: 'some of avatars headers attachments cards; at least one' }],
  options: [...POLICY_OPTIONS, ...PLANNING_OPTIONS, ...LIMIT_OPTIONS, ...OVERRIDE_OPTIONS],
  examples: [
    {
      line: 'cornac prune attachments',
      meaning: 'what would go? shows a plan, and keeps it for cornac apply',
    },
    { line: 'cornac prune avatars headers --days 90 --dry-run', meaning: 'only look; nothing is written' },
    {
      line: 'cornac prune attachments cards --days 14 --apply --max-duration 2h --quiet',
      meaning: 'from cron: says something only if it needs a person',
    },
    {
      line: 'cornac prune attachments --preset tootctl --days 7 --keep-interacted',
      meaning: 'what tootctl media remove --days 7 --keep-interacted would take',
    },
  ],
  exitCodes: PLANNING_EXITS,
  async run(context) {
    refuseBothWays(context.options)
    const kinds = readPruneKinds(context.words)
    const { prices } = await context.config()
    const instance = await context.instance()
    const { policy, notes } = readPolicy(kinds, context.options, instance.clock.now())
    for (const note of notes) context.note(note)
    const { signal, progress } = context
    const { clock, newName } = instance
    const plan = await proposePrune(
      { database: await instance.database(), objects: await instance.storage(), clock, newName },
      { instance: instance.name, policy, prices },
      { signal, progress },
    )
    return carryOut(context, plan, { sentences: [], data: {} })
  },
}
