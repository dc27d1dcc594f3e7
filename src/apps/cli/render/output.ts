/** A stream that may be closed by its reader at any time (`cornac scan | head`). */
import type { Writable } from 'node:stream'
import { KnownError } from '../../../core/errors.ts'

/**
 * Writes in order, waiting for a slow reader. A reader that has gone away is no failure: what follows is dropped and
 * `closed` says so. Any other failure (a full disk) is thrown by this and every later call. One per stream: its
 * listeners stay, because a late error must not end the process.
 */
export class Output {
  readonly #stream: Writable
  #closed = false
  #failure: Error | undefined
  /** Writes that wait for the reader; each is woken once. */
  #waiting: (() => void)[] = []

  constructor(stream: Writable) {
    this.#stream = stream
    stream.on('error', this.#onError)
    stream.on('drain', this.#wakeAll)
  }

  get closed(): boolean {
    return this.#closed
  }

  async write(text: string): Promise<void> {
    this.#throwFailure()
    if (this.#closed || text === '') return
    if (!this.#stream.write(text)) {
      await new Promise<void>((wake) => {
        this.#waiting.push(wake)
      })
    }
    this.#throwFailure()
  }

  /** Everything written has left the process, or its reader has gone. */
  async flush(): Promise<void> {
    if (!this.#closed && this.#failure === undefined) {
      await new Promise<void>((done) => {
        this.#waiting.push(done)
        this.#stream.write('', () => done())
      })
    }
    this.#throwFailure()
  }

  readonly #wakeAll = (): void => {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') this.#closed = true
    else this.#failure = error
    this.#wakeAll()
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return
    const code = (this.#failure as NodeJS.ErrnoException).code ?? this.#failure.message
    throw new KnownError({
      code: 'output-failed',
      what: `The result could not be written (${code})`,
      remedy: 'Check the disk or the program it is written to',
      cause: this.#failure,
    })
  }
}
