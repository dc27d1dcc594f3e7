import { heal as runHeal, type HealResult } from '../../../core/heal/heal.ts'
import { openHeal, openPlanHeal } from '../../../core/heal/open-heal.ts'
import { planHeal, type HealForecast } from '../../../core/heal/plan-heal.ts'
import type { Config } from '../../../config/config.ts'
import type { HealKind } from '../../../core/model/heal-target.ts'
import { KINDS } from '../../../core/model/media.ts'
import type { Command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import type { ExitName } from '../exit-codes.ts'
import {
  BUDGET_OPTIONS,
  chooseScope,
  readBudget,
  readHealKinds,
  readScope,
  SCOPE_OPTIONS,
  type BudgetOptions,
  type ScopeOptions,
} from '../heal-request.ts'
import { describeForecast, describeHeal } from '../render/heal-text.ts'
import { usageError } from '../usage-error.ts'

interface HealOptions extends ScopeOptions, BudgetOptions {
  readonly now?: true
  readonly via?: 'native' | 'sidekiq'
  readonly plan?: true
  readonly exitIdle?: true
}

/** Brings files back. Writes objects and rows; a failed fetch changes nothing. */
export const heal: Command<HealOptions> = {
  name: 'heal',
  description:
    'Brings back broken pictures: those whose row names no file although the origin’s address is known, and those whose file ' +
    'is not in storage. Asks the stored address first, then the owner’s own document for a new one; at most two requests at ' +
    'once to one origin, and an origin that said no is not asked again before its time (see cornac ledger). Makes the picture ' +
    'Mastodon would make, stores it, then lets the row name it, unless the row changed meanwhile. Suspended accounts and ' +
    'blocked domains are left alone. A failed fetch changes nothing.',
  arguments: [
    {
      name: '[kind...]',
      description: 'avatars headers attachments emoji cards; avatars and headers if none is named',
    },
  ],
  options: [
    ...SCOPE_OPTIONS,
    ...BUDGET_OPTIONS,
    {
      flags: '--plan',
      description: 'only look: how much is broken, what of it can come back, and what that takes',
    },
    {
      flags: '--now',
      description:
        'fetch attachments now; without it a lost one is cleared, and comes back when somebody looks',
    },
    {
      flags: '--via <driver>',
      description:
        'native (fetch here, the default) or sidekiq (let Mastodon’s own workers do it, and check)',
      read: (text) => (text === 'native' || text === 'sidekiq' ? text : undefined),
      expects: 'native or sidekiq',
    },
    {
      flags: '--exit-idle',
      description: 'end with 8 instead of 0 if nothing was there to heal',
    },
    {
      flags: '--concurrency <count>',
      description: 'records at once, over all origins (default: 16, or heal.concurrency)',
      setting: 'heal.concurrency',
    },
    {
      flags: '--per-host <count>',
      description: 'requests at once to one origin: 1 or 2 (default: 2, or heal.per_host)',
      setting: 'heal.per_host',
    },
    {
      flags: '--timeout <duration>',
      description: 'time for fetching one file, redirects included (default: 30s, or heal.timeout)',
      setting: 'heal.timeout',
    },
  ],
  examples: [
    { line: 'cornac heal --follows-of alice', meaning: 'everybody alice follows' },
    { line: 'cornac heal --followed --plan', meaning: 'how bad is it? looks, and changes nothing' },
    {
      line: 'cornac heal --followed --max-duration 2h --quiet',
      meaning: 'from cron: says something only if it needs a person',
    },
    {
      line: 'cornac scan && cornac heal --findings last',
      meaning: 'everything a scan found missing or pruned',
    },
    { line: 'cornac heal attachments --all', meaning: 'lost attachments come back when somebody looks' },
    { line: 'cornac heal --followed --via sidekiq', meaning: 'let Mastodon’s own workers fetch' },
  ],
  exitCodes: ['leased', 'partial', 'budget', 'idle'],
  async run(context) {
    const { options } = context
    readScope(options)
    const kinds = readHealKinds(context.words)
    const via = options.via ?? 'native'
    refuseMisfits(kinds, options, via)
    return options.plan === true ? plan(context, kinds) : run(context, kinds, via)
  },
}

/** What the options cannot mean together. */
function refuseMisfits(kinds: readonly HealKind[], options: HealOptions, via: 'native' | 'sidekiq'): void {
  const foreign = kinds.filter((kind) => kind === 'emoji' || kind === 'card')
  if (via === 'sidekiq' && foreign.length > 0)
    throw usageError(
      `Mastodon has no worker that fetches ${foreign.map((kind) => KINDS[kind].plural).join(' or ')} again`,
      'Leave --via out for them',
    )
  if (kinds.includes('card') && options.all === undefined && options.findings === undefined)
    throw usageError('cards belong to no account', 'Heal them with --all or --findings')
}

async function plan(context: CommandContext<HealOptions>, kinds: readonly HealKind[]): Promise<ExitName> {
  const config = await context.config()
  const instance = await context.instance()
  const ports = await openPlanHeal(instance)
  const { signal, progress, options } = context
  const choice = await chooseScope(options, instance, { signal })
  const forecast = await planHeal(
    ports,
    {
      instance: instance.name,
      choice,
      kinds,
      care: options.now === true ? 'now' : 'on-view',
      limitedFederation: config.instance.limitedFederation,
    },
    { signal, progress },
  )
  await context.out({
    data: { scope: scopeData(options), plan: true, ...forecastData(forecast) },
    text: (paint) => describeForecast(forecast, paint),
    needsPerson: forecast.fixable > 0,
  })
  return forecast.fixable === 0 && options.exitIdle === true ? 'idle' : 'done'
}

async function run(
  context: CommandContext<HealOptions>,
  kinds: readonly HealKind[],
  via: 'native' | 'sidekiq',
): Promise<ExitName> {
  const config = await context.config()
  const instance = await context.instance()
  const ports = await openHeal(instance, via, kinds)
  const { signal, progress, options } = context
  const choice = await chooseScope(options, instance, { signal })
  const result = await runHeal(
    ports,
    {
      instance: instance.name,
      choice,
      kinds,
      care: options.now === true || via === 'sidekiq' ? 'now' : 'on-view',
      budget: readBudget(options),
      ...settingsOf(config),
    },
    { signal, progress },
  )
  const exit = exitOf(result, options.exitIdle === true)
  await context.out({
    data: { scope: scopeData(options), plan: false, via, ...healData(result) },
    text: (paint) => describeHeal(result, context.verbose, paint),
    needsPerson: exit === 'partial',
  })
  return exit
}

function settingsOf({ instance, heal: settings }: Config): {
  limitedFederation: boolean
  useLibvips: boolean | null
  timeoutMs: number
  concurrency: number
  perHost: number
} {
  const { concurrency, perHost, timeoutMs } = settings
  return {
    limitedFederation: instance.limitedFederation,
    useLibvips: instance.useLibvips,
    timeoutMs,
    concurrency,
    perHost,
  }
}

/** As it was asked for. */
function scopeData(options: HealOptions): Record<string, unknown> {
  const { followsOf, followed, followers, interacted, account, domain, subdomains, findings, all } = options
  return {
    follows_of: followsOf,
    followed,
    followers,
    interacted,
    accounts: account.length > 0 ? account : undefined,
    domain,
    subdomains,
    findings,
    all,
  }
}

/** Members as in every answer: words joined by underscores. */
function healData({ bytesStored, bytesFetched, leftBehind, ...counts }: HealResult): Record<string, unknown> {
  const perSecond = counts.seconds === 0 ? 0 : Math.round((counts.healed / counts.seconds) * 100) / 100
  return {
    ...counts,
    healed_per_second: perSecond,
    bytes_stored: bytesStored,
    bytes_fetched: bytesFetched,
    left_behind: leftBehind,
  }
}

function forecastData({ withoutRequest, ...counts }: HealForecast): Record<string, unknown> {
  return { ...counts, without_request: withoutRequest }
}

/**
 * Partial if something this run tried stays broken that could be mended: what the origin has lost, nobody can help, and what
 * rests was not tried.
 */
function exitOf(result: HealResult, tellsIdle: boolean): ExitName {
  const uncertain = result.skipped['storage-uncertain'] ?? 0
  // A worker that is still at it when the time is up has not failed.
  const pending = result.failed['worker-pending'] ?? 0
  if (result.unhealed - pending + result.changed + uncertain + result.leftBehind > 0) return 'partial'
  if (result.stopped !== null) return 'budget'
  if (pending > 0) return 'partial'
  const touched = result.healed + result.cleared + Object.keys(result.failed).length
  return touched === 0 && tellsIdle ? 'idle' : 'done'
}
