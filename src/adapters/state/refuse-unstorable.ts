/** Texts that PostgreSQL cannot hold: NUL, and halves of characters, which would silently become something else. */

/** @param what whose texts they are, for the error: an intent, a scan */
export function refuseUnstorable(what: string, texts: Iterable<string>): void {
  for (const text of texts)
    if (text.includes('\0') || !text.isWellFormed())
      throw new Error(`${what} has a name that PostgreSQL cannot hold: ${JSON.stringify(text)}`)
}
