import { healFollows, type HealResult } from '../../../core/heal/heal-follows.ts'
import { openHeal } from '../../../core/heal/open-heal.ts'
import { REASONS, type FailReason, type SkipReason } from '../../../core/model/heal-outcome.ts'
import type { Command } from '../command.ts'
import type { ExitName } from '../exit-codes.ts'
import type { Painter } from '../render/paint.ts'
import { formatBytes, formatCount, formatDuration, plural, table } from '../render/text.ts'
import { usageError } from '../usage-error.ts'

interface HealOptions {
  readonly followsOf?: string
}

/** Brings pictures back. Writes objects and rows; a failed fetch changes nothing. */
export const heal: Command<HealOptions> = {
  name: 'heal',
  description:
    'Brings back the broken avatars and headers of the remote accounts a local user follows: those whose row names no file ' +
    'although the origin’s URL is known, and those whose file is not in storage. Fetches from the stored URL, at most two ' +
    'at once from one origin; makes the picture Mastodon would make; stores it; then lets the row name it, unless the row ' +
    'changed meanwhile. Suspended accounts and blocked domains are left alone. A failed fetch changes nothing.',
  options: [
    {
      flags: '--follows-of <user>',
      description: 'the local user whose followed accounts are healed; always needed',
      read: (text) => (/^@?$/.test(text.trim()) ? undefined : text.trim()),
      expects: 'the name of a local user',
    },
    {
      flags: '--concurrency <count>',
      description: 'pictures at once, over all origins (default: 16, or heal.concurrency)',
      setting: 'heal.concurrency',
    },
    {
      flags: '--timeout <duration>',
      description: 'time for fetching one picture, redirects included (default: 30s, or heal.timeout)',
      setting: 'heal.timeout',
    },
  ],
  examples: [
    { line: 'cornac heal --follows-of alice', meaning: 'everybody alice follows' },
    {
      line: 'cornac heal --follows-of alice --quiet',
      meaning: 'from cron: says something only if something stays broken',
    },
    { line: 'cornac heal --follows-of alice --json', meaning: 'for a script' },
  ],
  exitCodes: ['partial'],
  async run(context) {
    const user = context.options.followsOf
    if (user === undefined)
      throw usageError(
        'heal was not told whose pictures to heal',
        'Give a local user: cornac heal --follows-of alice',
      )
    const config = await context.config()
    const instance = await context.instance()
    const { signal, progress } = context
    const result = await healFollows(
      await openHeal(instance),
      {
        user,
        limitedFederation: config.instance.limitedFederation,
        concurrency: config.heal.concurrency,
        timeoutMs: config.heal.timeoutMs,
        useLibvips: config.instance.useLibvips,
      },
      { signal, progress },
    )
    const exit = exitOf(result)
    await context.out({
      data: dataOf(result),
      text: (paint) => describe(result, context.verbose, paint),
      needsPerson: exit === 'partial',
    })
    return exit
  },
}

/** Members as in every answer: words joined by underscores. */
function dataOf({ bytesStored, ...counts }: HealResult): Record<string, unknown> {
  return { ...counts, bytes_stored: bytesStored }
}

/** Partial if something stays broken that could be mended: what the origin has lost, nobody can help. */
function exitOf(result: HealResult): ExitName {
  return result.unhealed + result.changed + (result.skipped['storage-uncertain'] ?? 0) > 0
    ? 'partial'
    : 'done'
}

function describe(result: HealResult, verbose: boolean, paint: Painter): string {
  const { broken, followed, examined } = result
  const sum = broken.pruned + broken.missing
  const looked = `${result.user} follows ${plural(followed, 'remote account')}: ${plural(examined, 'picture')} looked at, `
  const lines =
    sum === 0
      ? [`${looked}${paint.good('none broken')}.`]
      : [
          `${looked}${formatCount(sum)} broken (${formatCount(broken.pruned)} pruned, ${formatCount(broken.missing)} missing in storage).`,
          paint.good(`${formatCount(result.healed)} healed`) +
            ` in ${formatDuration(result.seconds * 1000)}, ${formatBytes(result.bytesStored)} stored.`,
        ]
  if (result.changed > 0)
    lines.push(`${formatCount(result.changed)} changed while we worked; their newer state stands.`)
  if (result.unverified > 0)
    lines.push(
      paint.warn(`${formatCount(result.unverified)} of the healed could not be confirmed in storage.`),
    )
  const tables = [
    reasonTable('left alone', result.skipped),
    reasonTable('not healed', result.failed),
    result.hosts.length === 0 ? '' : hostTable(result),
    verbose ? failureTable(result) : '',
  ].filter((part) => part !== '')
  return `${lines.join('\n')}\n${tables.map((part) => `\n${part}`).join('')}`
}

function reasonTable(
  title: string,
  counts: Readonly<Partial<Record<SkipReason | FailReason, number>>>,
): string {
  const rows = Object.entries(counts) as [SkipReason | FailReason, number][]
  if (rows.length === 0) return ''
  return table(
    [{ title, align: 'right' }, { title: 'because' }],
    rows.sort((a, b) => b[1] - a[1]).map(([reason, count]) => [formatCount(count), REASONS[reason]]),
  )
}

/** Origins named in the text; JSON has up to twenty. */
const LISTED_HOSTS = 5

function hostTable({ hosts }: HealResult): string {
  const rows = hosts.slice(0, LISTED_HOSTS).map(({ host, failures }) => [formatCount(failures), host])
  if (hosts.length > LISTED_HOSTS) rows.push(['', '... and more'])
  return table([{ title: 'failures', align: 'right' }, { title: 'origin' }], rows)
}

function failureTable({ failures }: HealResult): string {
  if (failures.length === 0) return ''
  return table(
    [{ title: 'account' }, { title: 'picture' }, { title: 'reason' }, { title: 'detail' }],
    failures.map(({ handle, which, reason, detail }) => [handle, which, reason, detail]),
  )
}
