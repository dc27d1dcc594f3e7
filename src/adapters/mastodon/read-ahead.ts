/** Asks for the next item while the consumer is at work on this one; never more than one ahead. */
export async function* readAhead<Item>(source: AsyncGenerator<Item>): AsyncGenerator<Item> {
  let next = source.next()
  try {
    for (;;) {
      const result = await next
      if (result.done === true) return
      next = source.next()
      // Seen when it is awaited; until then a failure must not end the process.
      next.catch(() => {})
      yield result.value
    }
  } finally {
    // Waits for what was asked ahead, so that nothing is under way when the consumer goes on.
    await source.return(undefined).catch(() => {})
  }
}
