/**
 * Answers to a stream of questions, in the order of the questions, while up to `ahead` of the following ones are under
 * way: the database works while the consumer does. Leaving early waits for what is under way. Questions must not fail
 * otherwise than by rejecting.
 */
export async function* askAhead<Question, Answer>(
  questions: AsyncGenerator<Question>,
  ahead: number,
  answer: (question: Question) => Promise<Answer>,
): AsyncGenerator<Answer> {
  const underWay: Promise<Answer>[] = []
  try {
    for await (const question of questions) {
      const asked = answer(question)
      // Heard when its turn comes; until then a failure must not end the process.
      asked.catch(() => {})
      underWay.push(asked)
      if (underWay.length > ahead) yield await (underWay.shift() as Promise<Answer>)
    }
    while (underWay.length > 0) yield await (underWay.shift() as Promise<Answer>)
  } finally {
    await Promise.allSettled(underWay)
  }
}
