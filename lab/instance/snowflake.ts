/** Ids that hold their own time, in decimal digits: milliseconds since the epoch, then 16 bits. Source: docs/mastodon.md#ids. */

/** `low` is the 16 lower bits; larger numbers are cut. */
export function snowflake(ms: number, low: number): string {
  return ((BigInt(Math.floor(ms)) << 16n) | BigInt(low & 0xffff)).toString()
}
