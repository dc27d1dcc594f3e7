/** The answers of `cornac ledger` for people: who is in trouble, what waits, and why. */
import { FAIL_REASONS, HOPELESS } from '../../../core/model/heal-outcome.ts'
import type { HostEntry, LedgerEntry } from '../../../core/ports/state.ts'
import type { ExplainedRecord, LedgerExplanation, LedgerReport, Wait } from '../../../core/report/ledger.ts'
import type { Painter } from './paint.ts'
import { formatCount, formatDuration, formatTime, plural, table } from './text.ts'

export function describeLedger(report: LedgerReport, nowMs: number, paint: Painter): string {
  const { hosts, outcomes, records, more } = report
  if (hosts.length + outcomes.length === 0) return 'The ledger is empty: nothing that was tried has failed.\n'
  const rest = more ? paint.dim('… and more; --limit shows more of them\n') : ''
  const parts = [
    hosts.length === 0 ? '' : hostTable(hosts, nowMs, paint),
    outcomes.length === 0 ? '' : outcomeTable(report),
    records.length === 0 ? 'No record is listed.\n' : `${recordTable(records, nowMs, paint)}${rest}`,
  ]
  return parts.filter((part) => part !== '').join('\n')
}

function hostTable(hosts: readonly HostEntry[], nowMs: number, paint: Painter): string {
  return table(
    [
      { title: 'host in trouble' },
      { title: 'failures', align: 'right' },
      { title: 'left in peace until' },
      { title: 'because' },
    ],
    hosts.map(({ host, failures, restsUntilMs, outcome }) => [
      printable(host),
      formatCount(failures),
      (restsUntilMs ?? 0) <= nowMs ? paint.dim('may be asked') : paint.warn(formatTime(restsUntilMs ?? 0)),
      FAIL_REASONS[outcome],
    ]),
  )
}

function outcomeTable({ outcomes }: LedgerReport): string {
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

function recordTable(records: readonly LedgerEntry[], nowMs: number, paint: Painter): string {
  return table(
    [
      { title: 'tried again' },
      { title: 'record' },
      { title: 'of' },
      { title: 'host' },
      { title: 'tries', align: 'right' },
      { title: 'outcome' },
    ],
    records.map(({ kind, id, label, host, tries, outcome, nextTryAtMs }) => [
      nextTryAtMs <= nowMs ? paint.good('when asked') : formatTime(nextTryAtMs),
      `${kind}:${id}`,
      printable(label),
      host === '' ? '-' : printable(host),
      formatCount(tries),
      outcome,
    ]),
  )
}

/** In sentences. @param asked what the person typed */
export function explain(
  asked: string,
  explanation: LedgerExplanation,
  nowMs: number,
  paint: Painter,
): string {
  const { host, records, more } = explanation
  if (host === null && records.length === 0)
    return `The ledger knows nothing of ${asked}: nothing of it has failed, or it has been healed since.\n`
  const parts = [
    ...(host === null ? [] : [hostSentences(host, nowMs)]),
    ...records.map((record) => recordSentences(record, host === null, nowMs, paint)),
    ...(more ? [[paint.dim('There are more; cornac ledger lists them.')]] : []),
  ]
  return parts.map((lines) => `${lines.join('\n')}\n`).join('\n')
}

function hostSentences(entry: HostEntry, nowMs: number): string[] {
  const { host, outcome, failures, detail, lastTriedAtMs, restsUntilMs } = entry
  const said = `The host ${printable(host)} failed ${inARow(failures)}, last on ${formatTime(lastTriedAtMs)}: ${because(outcome, detail)}.`
  if (restsUntilMs === null)
    return [said, 'It may be asked: only after more failures in a row is it left in peace.']
  const until = formatTime(restsUntilMs)
  return restsUntilMs <= nowMs
    ? [said, `It was left in peace until ${until}, and may be asked again.`]
    : [said, `Nobody asks it before ${until}; each failure after that doubles the pause, one answer ends it.`]
}

function recordSentences(
  { entry, wait, host }: ExplainedRecord,
  withHost: boolean,
  nowMs: number,
  paint: Painter,
): string[] {
  const { kind, id, label, outcome, detail, url, tries, firstTriedAtMs, lastTriedAtMs } = entry
  const first = tries === 1 ? '' : ` first on ${formatTime(firstTriedAtMs)}, last`
  const resting = withHost && host !== null && (host.restsUntilMs ?? 0) > nowMs
  return [
    paint.bold(`The ${kind} of ${printable(label)} (${kind}:${id})`),
    `Tried ${inARow(tries)},${first} on ${formatTime(lastTriedAtMs)}${url === null ? '' : `: ${printable(url)}`}`,
    `It ended like this: ${because(outcome, detail)}.`,
    ...whenAndWhy(entry, wait, nowMs),
    ...(resting ? hostSentences(host, nowMs) : []),
  ]
}

function whenAndWhy({ outcome, nextTryAtMs }: LedgerEntry, wait: Wait, nowMs: number): string[] {
  const when =
    nextTryAtMs <= nowMs
      ? `Its time came on ${formatTime(nextTryAtMs)}: the next heal that includes it tries it again.`
      : `A heal tries it again after ${formatTime(nextTryAtMs)}, in ${formatDuration(nextTryAtMs - nowMs)}.`
  const why = wait.asked
    ? `That is ${formatDuration(wait.ms)} after the last try: its origin asked for a pause (Retry-After), or is being left in peace.`
    : `That is ${formatDuration(wait.ms)} after the last try: a first failure like this waits about ${formatDuration(wait.firstMs)}, each further one twice as long, none longer than about ${formatDuration(wait.limitMs)}.`
  return HOPELESS.includes(outcome)
    ? [when, why, 'Its origin has nothing to give; it is asked again only because that may change.']
    : [when, why]
}

function because(outcome: LedgerEntry['outcome'], detail: string): string {
  return detail === ''
    ? FAIL_REASONS[outcome]
    : `${FAIL_REASONS[outcome]}; ${printable(detail).replace(/\.$/, '')}`
}

function inARow(times: number): string {
  return times === 1 ? 'once' : `${plural(times, 'time')} in a row`
}

/** What origins wrote, without what would move the cursor of a terminal or turn its text around. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim()
}
