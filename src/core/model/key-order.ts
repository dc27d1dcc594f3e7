/**
 * The one order of keys: by the bytes of their UTF-8 form, as S3, Swift and Azure list them.
 *
 * JavaScript compares UTF-16 units, which puts U+E000..U+FFFF after the surrogates of astral characters; UTF-8 puts
 * them before. Only where two keys first differ in such units does the order need a second look.
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return byteRank(x) - byteRank(y)
  }
  return a.length - b.length
}

/** Surrogates (U+D800..U+DFFF) stand for code points above U+FFFF, so they rank above every other unit. */
function byteRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
