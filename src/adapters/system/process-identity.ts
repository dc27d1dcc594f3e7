/** Processes as Linux tells them apart: proc(5). Where there is no /proc nobody is ever judged dead. */
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { ProcessIdentity } from '../../core/ports/runtime.ts'

export const processIdentity: ProcessIdentity = {
  async self() {
    return {
      host: hostname(),
      machine: await thisMachine(),
      pid: process.pid,
      started: await startOf(process.pid),
    }
  },
  async isDead({ machine, pid, started }) {
    if (machine === null || started === null || machine !== (await thisMachine())) return false
    return (await startOf(pid)) !== started
  },
}

/** The same number of a process means the same process only within one boot and one PID namespace. */
async function thisMachine(): Promise<string | null> {
  try {
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
    return `${boot} ${await readlink('/proc/self/ns/pid')}`
  } catch {
    return null
  }
}

/** Field 22 of /proc/PID/stat, clock ticks since boot; null if there is no such process, or only what is left of it. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
    // The second field is the command in brackets, which may hold anything.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' || state === 'X' ? null : (fields[18] ?? null)
  } catch {
    return null
  }
}
