/** The story of `cornac demo` for people. */
import { KINDS } from '../../../core/model/media.ts'
import type { DemoEvent } from '../../../core/report/demo-story.ts'
import type { CommandContext } from '../context.ts'
import { formatBytes, formatCount, formatDuration, plural } from './text.ts'

/** What just happened, in one sentence. */
export function tellDemo(event: DemoEvent): string {
  switch (event.step) {
    case 'starting':
      return 'Starting a PostgreSQL and a little fediverse of twelve origins, all on loopback ...'
    case 'built':
      return `A Mastodon 4.5 that knows ${plural(event.accounts, 'remote account')} now stores ${plural(event.files, 'file')} (${formatBytes(event.bytes)}).`
    case 'scanned':
      return (
        `A scan ${event.when === 'before' ? 'before the accident' : 'after it'}: ${plural(event.objects, 'file')} compared with their rows in ` +
        `${formatDuration(event.seconds * 1000)}; ${found(event.findings)}.`
      )
    case 'trapped':
      return (
        `The trap: "tootctl media remove --prune-profiles --include-follows" from cron has just deleted ${plural(event.files, 'picture')} ` +
        `(${formatBytes(event.bytes)}); ${plural(event.deleted, 'more file')} vanished from the disk behind the database’s back.`
      )
    case 'damage':
      return `The damage: ${event.user} follows ${plural(event.followed, 'remote account')}, and ${plural(event.broken, 'picture')} of theirs are broken. Mastodon will not fetch them when somebody looks.`
    case 'healed': {
      const { healed, seconds, hopeless, bytesStored } = event.result
      return (
        `Healing what ${event.user} follows: ${formatCount(healed)} healed in ${formatDuration(seconds * 1000)} ` +
        `(${formatBytes(bytesStored)}); ${plural(hopeless, 'picture')} no longer exist at their origin.`
      )
    }
    case 'proved':
      return `Looked again: ${proved(event)}.`
  }
}

function proved({ broken, hopeless }: Extract<DemoEvent, { step: 'proved' }>): string {
  if (broken === 0) return 'no picture is broken any more'
  const those =
    broken === hopeless
      ? 'exactly those nobody has any more'
      : `though nobody has ${formatCount(hopeless)} any more`
  return `${plural(broken, 'picture')} still broken, ${those}`
}

function found(findings: Extract<DemoEvent, { step: 'scanned' }>['findings']): string {
  const worst = findings.filter(
    ({ code, kind }) => code === 'missing' || (code === 'pruned' && (kind === 'avatar' || kind === 'header')),
  )
  return worst.length === 0
    ? 'no profile picture is broken'
    : worst
        .map(
          ({ code, kind, count }) =>
            `${formatCount(count)} ${kind === null ? '' : KINDS[kind].plural} ${code}`,
        )
        .join(', ')
}

/** The numbers of the whole story, and how to go on. */
export function describeDemo(result: Awaited<ReturnType<CommandContext['demo']>>): string {
  return (
    `${formatCount(result.broken_before)} broken pictures, ${formatCount(result.healed)} healed, ${formatCount(result.hopeless)} hopeless, ` +
    `${formatCount(result.broken_after)} broken afterwards; ${result.seconds} s in all.\n` +
    'On your own server: cornac doctor, then cornac scan, then cornac heal --follows-of YOU.\n'
  )
}
