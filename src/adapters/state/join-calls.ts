/**
 * Calls that arrive while one statement is under way are answered together by the next one: as many commits as the disk
 * can do, and nobody waits for a timer.
 */
export function joinCalls<Call, Answer>(
  most: number,
  /** One answer for each call, in order. */
  answer: (calls: readonly Call[]) => Promise<readonly Answer[]>,
): (call: Call) => Promise<Answer> {
  const waiting: { readonly call: Call; readonly answered: PromiseWithResolvers<Answer> }[] = []
  let busy = false

  async function work(): Promise<void> {
    if (busy) return
    busy = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, most)
      try {
        const answers = await answer(batch.map(({ call }) => call))
        for (const [i, { answered }] of batch.entries()) answered.resolve(answers[i] as Answer)
      } catch (error) {
        for (const { answered } of batch) answered.reject(error)
      }
    }
    busy = false
  }

  return (call) => {
    const answered = Promise.withResolvers<Answer>()
    waiting.push({ call, answered })
    // After this turn, so that what is asked for at the same moment goes together.
    queueMicrotask(() => void work())
    return answered.promise
  }
}
