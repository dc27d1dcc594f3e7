/** The answers of `cornac heal` for people. */
import type { HealForecast } from '../../../core/heal/plan-heal.ts'
import type { HealResult } from '../../../core/heal/heal.ts'
import { REASONS, type FailReason, type SkipReason } from '../../../core/model/heal-outcome.ts'
import { ALL_KINDS, KINDS } from '../../../core/model/media.ts'
import type { Painter } from './paint.ts'
import { formatBytes, formatCount, formatDuration, plural, table } from './text.ts'

/** Origins named in the text; JSON has up to twenty. */
const LISTED_HOSTS = 5

const STOPPED = {
  limit: 'The limit was reached',
  duration: 'The time was up',
  bytes: 'The bytes allowed were fetched',
} as const

export function describeHeal(result: HealResult, verbose: boolean, paint: Painter): string {
  const parts = [
    `${summary(result, paint).join('\n')}\n`,
    reasonTable('left alone', result.skipped),
    reasonTable('not healed', result.failed),
    result.hosts.length === 0 ? '' : hostTable(result),
    verbose ? failureTable(result) : '',
  ]
  return parts.filter((part) => part !== '').join('\n')
}

function summary(result: HealResult, paint: Painter): string[] {
  const { broken, recovered } = result
  const sum = broken.pruned + broken.missing
  const looked = `${plural(result.examined, 'picture')} looked at, `
  const lines: string[] = []
  if (recovered.intents > 0)
    lines.push(
      `An interrupted heal was brought to its end: ${plural(recovered.objects, 'file')} of it removed that no row names.`,
    )
  if (sum === 0) lines.push(`${looked}${paint.good('none broken')}.`)
  else
    lines.push(
      `${looked}${formatCount(sum)} broken (${formatCount(broken.pruned)} pruned, ${formatCount(broken.missing)} missing in storage).`,
      `${paint.good(`${formatCount(result.healed)} healed`)} in ${formatDuration(result.seconds * 1000)}${rate(result)}, ` +
        `${formatBytes(result.bytesFetched)} fetched, ${formatBytes(result.bytesStored)} stored.`,
    )
  if (result.cleared > 0)
    lines.push(
      `${plural(result.cleared, 'lost attachment')} cleared: Mastodon fetches them when somebody looks.`,
    )
  if (result.hopeless > 0)
    lines.push(`${formatCount(result.hopeless)} cannot come back: their origin has nothing to give.`)
  if (result.changed > 0)
    lines.push(`${formatCount(result.changed)} changed while we worked; their newer state stands.`)
  if (result.unverified > 0)
    lines.push(
      paint.warn(`${formatCount(result.unverified)} of the healed could not be confirmed in storage.`),
    )
  if (result.leftBehind > 0)
    lines.push(
      paint.warn(
        `${plural(result.leftBehind, 'old file')} could not be removed from storage; the next heal tries again.`,
      ),
    )
  if (result.stopped !== null) lines.push(`${STOPPED[result.stopped]}; the rest is left for the next heal.`)
  return lines
}

function rate({ healed, seconds }: HealResult): string {
  return healed < 10 || seconds < 1 ? '' : ` (${formatCount(Math.round(healed / seconds))} a second)`
}

export function describeForecast(forecast: HealForecast, paint: Painter): string {
  const { broken, fixable, hopeless, bytes, requests, withoutRequest } = forecast
  const sum = broken.pruned + broken.missing
  const looked = `${plural(forecast.examined, 'picture')} looked at in ${formatDuration(forecast.seconds * 1000)}, `
  if (sum === 0) return `${looked}${paint.good('none broken')}.\n`
  const lines = [
    `${looked}${formatCount(sum)} broken (${formatCount(broken.pruned)} pruned, ${formatCount(broken.missing)} missing in storage).`,
    fixable === 0
      ? paint.bold('None of them can be tried now.')
      : `${paint.bold(`${formatCount(fixable)} can be tried now`)}: ${kindCounts(forecast).join(', ')}.`,
  ]
  if (hopeless > 0) lines.push(`${formatCount(hopeless)} cannot come back: their origin has nothing to give.`)
  if (fixable > 0)
    lines.push(
      `That takes ${plural(requests, 'request')} or more${bytes === null ? '' : `, about ${formatBytes(bytes)}`}` +
        `${withoutRequest === 0 ? '' : `; ${formatCount(withoutRequest)} need none`}. Nothing was changed.`,
    )
  const parts = [
    `${lines.join('\n')}\n`,
    reasonTable('left alone', forecast.skipped),
    reasonTable('last answer', forecast.waiting),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

/** In the order of kinds. */
function kindCounts({ kinds }: HealForecast): string[] {
  return ALL_KINDS.map((kind) => KINDS[kind].plural)
    .filter((plural) => kinds[plural] !== undefined)
    .map((plural) => `${formatCount(kinds[plural] ?? 0)} ${plural}`)
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

function hostTable({ hosts }: HealResult): string {
  const rows = hosts.slice(0, LISTED_HOSTS).map(({ host, failures }) => [formatCount(failures), host])
  if (hosts.length > LISTED_HOSTS) rows.push(['', '... and more'])
  return table([{ title: 'failures', align: 'right' }, { title: 'origin' }], rows)
}

function failureTable({ failures }: HealResult): string {
  if (failures.length === 0) return ''
  return table(
    [{ title: 'of' }, { title: 'kind' }, { title: 'reason' }, { title: 'detail' }],
    failures.map(({ handle, which, reason, detail }) => [handle, which, reason, detail]),
  )
}
