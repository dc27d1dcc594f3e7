/** One answer of an origin that is meant to hurt, or merely odd, and how a heal that meets it has to end. */
import type { Socket } from 'node:net'
import { pngOfZeros } from '../fediverse/odd-files.ts'
import type { RawAnswer, Vice } from '../fediverse/vices.ts'
import type { FailReason } from '../../src/core/model/heal-outcome.ts'
import type { Listeners } from './hostile-listeners.ts'

export type AnswerEnd = FailReason | 'healed'

/** What answers may point at. */
export interface Surroundings {
  /** Healthy pictures, each on an origin of its own, none of them the one that answers. */
  readonly elsewhere: readonly [string, string, string, string]
  /** The origin that answers, and a healthy picture on it. */
  readonly own: { readonly origin: string; readonly picture: string }
  /** Where decoys listen on addresses that nobody may reach. */
  readonly decoyPort: number
  readonly listeners: Listeners
}

export interface HostileAnswer {
  /** Unique. */
  readonly name: string
  readonly answer: (around: Surroundings) => Vice
  /** Several only where a comment says why. */
  readonly expect: readonly AnswerEnd[]
  /** It speaks for its whole origin, or spoils the connection for whoever comes next: nobody else may live there. */
  readonly alone: boolean
}

/** A sound picture of some two hundred bytes. */
export const PICTURE = pngOfZeros(300, 300)

export const OK = 'HTTP/1.1 200 OK\r\n'
/** After it nobody reuses the connection. */
export const CLOSE = 'Connection: close\r\n'

export function answer(
  name: string,
  expect: AnswerEnd | readonly AnswerEnd[],
  vice: Vice | ((around: Surroundings) => Vice),
  alone = false,
): HostileAnswer {
  return {
    name,
    answer: typeof vice === 'function' ? vice : () => vice,
    expect: typeof expect === 'string' ? [expect] : expect,
    alone,
  }
}

/** Says all of that, then closes. */
export function says(...parts: readonly (string | Uint8Array)[]): Vice {
  return raw((connection) => {
    connection.end(Buffer.concat(parts.map(latin1)))
  })
}

/** A picture under these lines of a head, its length last. */
export function headed(...lines: readonly string[]): Vice {
  const length = `Content-Length: ${PICTURE.length}\r\n`
  return says(OK, CLOSE, ...lines.map((line) => `${line}\r\n`), length, '\r\n', PICTURE)
}

export function raw(write: RawAnswer): Vice {
  return { kind: 'raw', answer: write }
}

export function latin1(part: string | Uint8Array): Uint8Array {
  return typeof part === 'string' ? Buffer.from(part, 'latin1') : part
}

/** The same again and again, as fast as it is taken, until the other side leaves. */
export async function pour(
  connection: Socket,
  part: string | Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const bytes = latin1(part)
  while (!connection.destroyed && !signal.aborted) {
    const taken = connection.write(bytes)
    await new Promise<void>((resolve) => {
      if (taken) return void setImmediate(resolve)
      const done = (): void => {
        connection.off('drain', done).off('close', done)
        resolve()
      }
      connection.on('drain', done).on('close', done)
    })
  }
}

/** One byte after the other, with a pause, until all is said or the other side leaves; then the end. */
export async function drip(
  connection: Socket,
  part: string | Uint8Array,
  pauseMs: number,
  signal: AbortSignal,
): Promise<void> {
  for (const byte of latin1(part)) {
    if (connection.destroyed || signal.aborted) return
    connection.write(Uint8Array.of(byte))
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  connection.end()
}
