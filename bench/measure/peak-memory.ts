/**
 * The largest resident size this process has had, in bytes: code, heap and threads together.
 *
 * `VmHWM` and not `ru_maxrss`: the latter begins at the size of whoever started the process (proc(5), getrusage(2)).
 */
import { readFileSync } from 'node:fs'

export function peakMemory(): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))
  if (found === null) throw new Error('/proc/self/status has no VmHWM: this benchmark needs Linux')
  return Number(found[1]) * 1024
}
