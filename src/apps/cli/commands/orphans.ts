import type { Tally } from '../../../core/model/tally.ts'
import { proposeLeftovers } from '../../../core/propose-leftovers.ts'
import { proposeOrphans, type OrphanProposal } from '../../../core/propose-orphans.ts'
import type { SightingStore } from '../../../core/ports/plans.ts'
import { LIMIT_OPTIONS, OVERRIDE_OPTIONS } from '../apply-request.ts'
import {
  carryOut,
  mayOnlyRead,
  PLANNING_EXITS,
  PLANNING_OPTIONS,
  refuseBothWays,
  type PlanningOptions,
} from '../carry-out.ts'
import type { Command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import type { ExitName } from '../exit-codes.ts'
import { ORPHAN_OPTIONS, readOrphanWish, type OrphanOptions, type OrphanWish } from '../orphans-request.ts'
import { iso } from '../render/json.ts'
import { orphanHeadline, orphanSentences, versionSentences } from '../render/orphans-text.ts'

type Options = OrphanOptions & PlanningOptions

/** Files that no row claims, taken away once two scans have seen them. Without --apply it makes a plan and stops. */
export const orphans: Command<Options> = {
  name: 'orphans',
  description:
    'Finds files that no row claims, and takes them away once two scans, a day apart, have seen them. Each run is such a scan; it makes ' +
    'a plan of what was seen twice, shows it, and stops: cornac apply does it, or --apply at once. What goes waits in quarantine ' +
    'first, so that cornac undo can bring it back. Only files under cache/ go, and only if no row claims them when their turn comes; ' +
    'local media and files with unknown names are never touched.',
  options: [...ORPHAN_OPTIONS, ...PLANNING_OPTIONS, ...LIMIT_OPTIONS, ...OVERRIDE_OPTIONS],
  examples: [
    { line: 'cornac orphans', meaning: 'a scan, and what two of them have seen' },
    { line: 'cornac orphans --dry-run', meaning: 'only look; this scan is not remembered' },
    { line: 'cornac orphans --apply --quiet', meaning: 'from cron, each night' },
    { line: 'cornac orphans --unfinished-uploads', meaning: 'remains of uploads in a bucket' },
  ],
  exitCodes: PLANNING_EXITS,
  async run(context) {
    refuseBothWays(context.options)
    const wish = readOrphanWish(context.options)
    return wish.what === 'objects' ? objects(context, wish) : leftovers(context, wish)
  },
}

async function objects(
  context: CommandContext<Options>,
  { graceMs, quarantineMs }: Extract<OrphanWish, { what: 'objects' }>,
): Promise<ExitName> {
  const { signal, progress } = context
  const { scan, prices } = await context.config()
  const instance = await context.instance()
  const database = await instance.database()
  const storage = await instance.storage()
  const sightings = await sightingsToWrite(context)
  const store = await instance.scans()
  const proposal = await proposeOrphans(
    {
      scan: { records: database, objects: storage, store, clock: instance.clock },
      database,
      objects: storage,
      sightings,
      newName: instance.newName,
    },
    { instance: instance.name, graceMs, quarantineMs, prices, ...scan },
    { signal, progress },
  )
  const besides = {
    instead: orphanHeadline(proposal, sightings !== null),
    sentences: orphanSentences(proposal),
    data: { seen: seenData(proposal) },
  }
  return carryOut(context, proposal.plan, besides)
}

/** Null where nothing may be written: because it was asked for, or because the database user may only read. */
async function sightingsToWrite(context: CommandContext<Options>): Promise<SightingStore | null> {
  const { options, signal } = context
  if (options.dryRun === true) return null
  const instance = await context.instance()
  const state = await instance.state()
  try {
    await state.setUp({ signal })
    return state.sightings
  } catch (error) {
    if (options.apply === true || !mayOnlyRead(error)) throw error
    context.note(`What this scan sees cannot be remembered: ${error.what}. ${error.remedy}.`)
    return null
  }
}

function seenData({
  seen,
  waiting,
  nextAtMs,
  outsideCache,
  strays,
  scan,
}: OrphanProposal): Record<string, unknown> {
  return {
    scan: scan.id,
    orphans: sumOf(seen, ({ count }) => count),
    orphans_bytes: sumOf(seen, ({ bytes }) => bytes),
    once: waiting.count,
    once_bytes: waiting.bytes,
    next: iso(nextAtMs),
    outside_cache: outsideCache.count,
    outside_cache_bytes: outsideCache.bytes,
    strays: strays.count,
    strays_bytes: strays.bytes,
  }
}

function sumOf(seen: OrphanProposal['seen'], of: (tally: Readonly<Tally>) => number): number {
  return Object.values(seen).reduce((sum, tally) => sum + of(tally), 0)
}

async function leftovers(
  context: CommandContext<Options>,
  { what, olderThanMs }: Exclude<OrphanWish, { what: 'objects' }>,
): Promise<ExitName> {
  const { signal, progress } = context
  const { prices } = await context.config()
  const instance = await context.instance()
  const { clock, newName } = instance
  const { plan, markers } = await proposeLeftovers(
    { objects: await instance.storage(), database: await instance.database(), clock, newName },
    { instance: instance.name, what, beforeMs: clock.now() - olderThanMs, prices },
    { signal, progress },
  )
  return carryOut(context, plan, {
    sentences: versionSentences(markers.count),
    data: { delete_markers: markers.count },
  })
}
