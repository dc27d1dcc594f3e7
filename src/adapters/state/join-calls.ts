/**
 * Calls that arrive while one statement is under way are answered together by the next one: as many commits as the disk
 * can do, and nobody waits for a timer.
 */
export function joinCalls<Call, Answer>(
  most: number,
  answer: (calls: readonly Call[]) => Promise<readonly Answer[]>,
): (call: Call) => Promise<Answer> {
  interface Waiting {
    readonly call: Call
    resolve(value: Answer): void
    reject(error: unknown): void
  }
  const waiting: Waiting[] = []
  let busy = false

  async function work(): Promise<void> {
    if (busy) return
    busy = true
    try {
      while (waiting.length > 0) {
        const batch = waiting.splice(0, most)
        try {
          const answers = await answer(batch.map(({ call }) => call))
          for (const [i, { resolve }] of batch.entries()) resolve(answers[i] as Answer)
        } catch (error) {
          for (const { reject } of batch) reject(error)
        }
      }
    } finally {
      busy = false
    }
  }

  return (call) =>
    new Promise((resolve, reject) => {
      waiting.push({ call, resolve, reject })
      // After this turn, so that what is asked for at the same moment goes together.
      queueMicrotask(() => void work())
    })
}
