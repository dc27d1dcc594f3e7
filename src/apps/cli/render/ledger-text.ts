/** The ledger for people: tables of who said no, and sentences about one of them. */
import { FAIL_REASONS, HOPELESS } from '../../../core/model/heal-outcome.ts'
import { KINDS } from '../../../core/model/media.ts'
import type { HostEntry, LedgerEntry } from '../../../core/ports/state.ts'
import type { ExplainedRecord, LedgerExplanation } from '../../../core/report/ledger-thing.ts'
import type { LedgerReport } from '../../../core/report/ledger.ts'
import type { Painter } from './paint.ts'
import { formatCount, formatDuration, formatTime, plural, table } from './text.ts'

export function describeLedger(report: LedgerReport, nowMs: number, paint: Painter): string {
  const { exists, hosts, outcomes, records, more } = report
  if (!exists) return 'No heal has run yet, so nobody has said no (Cornac’s own tables do not exist).\n'
  if (hosts.length === 0 && records.length === 0) return 'Nobody has said no.\n'
  const parts = [
    section('Hosts in trouble', hostTable(hosts, nowMs), paint),
    section('Records by how their last try ended', outcomeTable(outcomes ?? []), paint),
    section('Tried next', recordTable(records, nowMs), paint),
    more ? '... and more: --limit shows them.\n' : '',
  ]
  return parts.filter((part) => part !== '').join('\n')
}

function section(title: string, body: string, paint: Painter): string {
  return body === '' ? '' : `${paint.bold(title)}\n${body}`
}

function hostTable(hosts: readonly HostEntry[], nowMs: number): string {
  if (hosts.length === 0) return ''
  return table(
    [
      { title: 'host' },
      { title: 'failures', align: 'right' },
      { title: 'asked again' },
      { title: 'because' },
    ],
    hosts.map(({ host, failures, restsUntilMs, outcome }) => [
      host,
      formatCount(failures),
      restsUntilMs === null ? 'as usual' : when(restsUntilMs, nowMs),
      FAIL_REASONS[outcome],
    ]),
  )
}

function outcomeTable(outcomes: NonNullable<LedgerReport['outcomes']>): string {
  if (outcomes.length === 0) return ''
  return table(
    [
      { title: 'records', align: 'right' },
      { title: 'due', align: 'right' },
      { title: 'outcome' },
      { title: 'because' },
    ],
    outcomes.map(({ outcome, records, due }) => [
      formatCount(records),
      formatCount(due),
      outcome,
      FAIL_REASONS[outcome],
    ]),
  )
}

function recordTable(records: readonly LedgerEntry[], nowMs: number): string {
  if (records.length === 0) return ''
  return table(
    [
      ...[{ title: 'of' }, { title: 'record' }, { title: 'tries', align: 'right' as const }],
      ...[{ title: 'tried again' }, { title: 'outcome' }, { title: 'host' }],
    ],
    records.map(({ kind, id, label, tries, nextTryAtMs, outcome, host }) => [
      ...[label, `${kind}:${id}`, formatCount(tries), when(nextTryAtMs, nowMs), outcome, host],
    ]),
  )
}

function when(ms: number, nowMs: number): string {
  return ms <= nowMs ? 'by the next heal' : `in ${formatDuration(ms - nowMs)}`
}

/** One paragraph for each record; ends with a line break. */
export function explainInSentences(asked: string, explanation: LedgerExplanation, nowMs: number): string {
  const { host, records, more } = explanation
  if (host === null && records.length === 0)
    return `Nothing is known of ${asked}: no try has failed, or it was healed since.\n`
  const paragraphs = [
    ...(host === null ? [] : [aboutHost(host, nowMs)]),
    ...records.map((record) => aboutRecord(record, nowMs)),
    ...(more ? ['... and more: --limit shows them.'] : []),
  ]
  return `${paragraphs.join('\n\n')}\n`
}

function aboutHost(entry: HostEntry, nowMs: number): string {
  const { host, failures, outcome, detail, lastTriedAtMs, restsUntilMs } = entry
  const rest =
    restsUntilMs === null
      ? 'It is asked as usual, and watched.'
      : restsUntilMs <= nowMs
        ? 'Its rest is over: the next heal asks it again.'
        : `It is left in peace until ${formatTime(restsUntilMs)} (${formatDuration(restsUntilMs - nowMs)}), whatever is wanted from it.`
  return [
    `${host}: ${plural(failures, 'failure')} in a row, the last on ${formatTime(lastTriedAtMs)}.`,
    `${capital(FAIL_REASONS[outcome])}${detailOf(detail)}.`,
    rest,
  ].join('\n')
}

function aboutRecord(record: ExplainedRecord, nowMs: number): string {
  const { kind, id, label, url, host, outcome, detail, tries, firstTriedAtMs, lastTriedAtMs } = record
  const times =
    tries === 1
      ? `Tried once, on ${formatTime(lastTriedAtMs)}`
      : `Tried ${formatCount(tries)} times, first on ${formatTime(firstTriedAtMs)}, last on ${formatTime(lastTriedAtMs)}`
  return [
    `${label}, ${KINDS[kind].plural.replace(/s$/, '')} (${kind}:${id}).`,
    `${times}${url === null ? '' : `: ${url}`}.`,
    `${host === '' ? '' : `${host}: `}${host === '' ? capital(FAIL_REASONS[outcome]) : FAIL_REASONS[outcome]}${detailOf(detail)}.`,
    next(record, nowMs),
  ].join('\n')
}

function next({ outcome, nextTryAtMs, patience, hostRestsUntilMs }: ExplainedRecord, nowMs: number): string {
  const again =
    nextTryAtMs <= nowMs
      ? 'The next heal tries it again'
      : `It is tried again after ${formatTime(nextTryAtMs)} (in ${formatDuration(nextTryAtMs - nowMs)})`
  const rest =
    hostRestsUntilMs !== null && hostRestsUntilMs > Math.max(nowMs, nextTryAtMs)
      ? `, but not before its host is asked again, after ${formatTime(hostRestsUntilMs)}`
      : ''
  const why = `such an answer waits about ${formatDuration(patience.firstMs)}, twice as long after each in a row, ${formatDuration(patience.limitMs)} at most`
  const hope = HOPELESS.includes(outcome) ? ' Its origin has nothing to give, so there is little hope.' : ''
  return `${again}${rest}: ${why}.${hope}`
}

function detailOf(detail: string): string {
  return detail === '' ? '' : `: ${detail.replace(/\.$/, '')}`
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}
