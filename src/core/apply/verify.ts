/** A last look at some of what was removed: storage that says "gone" and still has it must not pass for done. */
import type { Clock } from '../ports/runtime.ts'
import type { CallOptions, ObjectReader } from '../ports/storage.ts'
import { VERIFIED_FILES } from '../plan/safety.ts'
import type { Verified } from './apply-request.ts'

/** Every key has the same chance to be kept (reservoir sampling): memory does not grow with the run. */
export class Samples {
  readonly #keys: string[] = []
  readonly #chance: () => number
  #offered = 0

  /** @param chance from 0 up to 1, each time another */
  constructor(chance: () => number) {
    this.#chance = chance
  }

  offer(keys: readonly string[]): void {
    for (const key of keys) {
      this.#offered++
      if (this.#keys.length < VERIFIED_FILES) this.#keys.push(key)
      else {
        const place = Math.floor(this.#chance() * this.#offered)
        if (place < VERIFIED_FILES) this.#keys[place] = key
      }
    }
  }

  get keys(): readonly string[] {
    return this.#keys
  }
}

/** A store may answer from a copy that is a moment behind. */
const LOOKS = 3
const PAUSE_MS = 1_000

export async function verify(
  objects: Pick<ObjectReader, 'stat'>,
  clock: Clock,
  keys: readonly string[],
  options: CallOptions,
): Promise<Verified> {
  let present = keys
  let unknown = 0
  for (let look = 1; present.length > 0; look++) {
    const states = await Promise.all(present.map((key) => objects.stat(key, options)))
    unknown += states.filter(({ state }) => state === 'unknown').length
    present = present.filter((_, i) => states[i]?.state === 'present')
    if (present.length === 0 || look === LOOKS) break
    await clock.sleep(PAUSE_MS, options.signal)
  }
  return { looked: keys.length - unknown, stillThere: present }
}
