/** Names that lead where they should not, lead nowhere, or change their mind; and the name server that says so. */
import { setTimeout as sleep } from 'node:timers/promises'
import { answer, type HostileAnswer } from './hostile-answer.ts'

/** What each name is said to be, one answer after the other; the last one stays. */
const NAMES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'inside.example': [['127.0.0.1']],
  'inside-six.example': [['::1']],
  'mapped.example': [['::ffff:127.0.0.1']],
  'translated.example': [['64:ff9b::7f00:1']],
  'unspecified.example': [['0.0.0.0', '::']],
  'metadata.example': [['169.254.169.254']],
  'zoned.example': [['fe80::1%lo']],
  'many.example': [Array.from({ length: 1000 }, () => '127.66.6.6')],
  // A public address among private ones: only that one is connected to.
  'mixed.example': [['127.0.0.1', '::1', '127.66.6.6', '127.77.200.1']],
  // Permitted when it is looked at, private ever after.
  'rebinding.example': [['127.77.200.1'], ['127.0.0.1', '::1']],
  'mind.example': [['127.77.200.1'], ['127.0.0.1', '::1']],
  'empty.example': [[]],
  'words.example': [['localhost', '127.0.0.1:80', '../etc/hosts']],
}

/** A name server of its own for each call. */
export function hostileResolve(): (host: string) => Promise<readonly string[]> {
  const asked = new Map<string, number>()
  return async (host) => {
    if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1', '::1']
    // As the real one does, it gives up in the end.
    if (host === 'silent.example') {
      await sleep(1_000)
      throw Object.assign(new Error(`queryA ECANCELLED ${host}`), { code: 'ECANCELLED' })
    }
    const answers = NAMES[host]
    const times = asked.get(host) ?? 0
    asked.set(host, times + 1)
    const said = answers?.[Math.min(times, answers.length - 1)]
    if (said === undefined) throw Object.assign(new Error(`queryA ENOTFOUND ${host}`), { code: 'ENOTFOUND' })
    return said
  }
}

/** Only for a fetcher that asks `hostileResolve`. */
export function hostileNames(): readonly HostileAnswer[] {
  const to = (host: string, ...end: HostileAnswer['expect']): HostileAnswer =>
    answer(`redirect to the name ${host}`, end, ({ decoyPort }) => ({
      kind: 'redirect-to',
      location: `http://${host}:${decoyPort}/`,
    }))
  return [
    to('inside.example', 'private-address'),
    to('INSIDE.example.', 'private-address'),
    to('inside-six.example', 'private-address'),
    to('mapped.example', 'private-address'),
    to('translated.example', 'private-address'),
    to('unspecified.example', 'private-address'),
    to('metadata.example', 'private-address'),
    to('zoned.example', 'private-address'),
    to('many.example', 'private-address'),
    to('mixed.example', 'healed'),
    to('rebinding.example', 'healed'),
    answer('a name that changes its mind between two hops', 'private-address', ({ listeners }) => ({
      kind: 'redirect-to',
      location: `http://mind.example:${listeners.sendsOn.split(':')[1]}/`,
    })),
    to('empty.example', 'unreachable'),
    to('words.example', 'unreachable'),
    to('silent.example', 'unreachable'),
    to('nobody.example', 'unreachable'),
    to('xn--a', 'unreachable'),
    // A letter of another script that looks like this one, as bytes of UTF-8 and as IDNA writes it.
    to(Buffer.from('m\u0430stodon.example').toString('latin1'), 'unreachable'),
    to('xn--mstodon-2fg.example', 'unreachable'),
    to(`${'a'.repeat(63)}.${'b'.repeat(63)}.example`, 'unreachable'),
    to(`${'a.'.repeat(300)}example`, 'unreachable'),
  ]
}
