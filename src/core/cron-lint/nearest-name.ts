/** The known name that was probably meant; null if none is near. */
export function nearestName(name: string, known: readonly string[]): string | null {
  let best: string | null = null
  let distance = Math.max(2, Math.floor(name.length / 4)) + 1
  for (const candidate of known) {
    const found = editDistance(name.slice(0, 60), candidate)
    if (found < distance) {
      best = candidate
      distance = found
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      )
    row = next
  }
  return row[b.length] ?? 0
}
