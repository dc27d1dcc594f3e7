/** What an origin wrote, fit to stand in a sentence of ours. Pure. */

/** One line, no control or direction characters, at most 120 characters. */
export function inWords(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return line.length <= 120 ? line : `${line.slice(0, 119)}…`
}
