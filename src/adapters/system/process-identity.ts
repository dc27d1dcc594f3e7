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
      started: (await lookAt(process.pid))?.started ?? null,
    }
  },
  async isDead({ machine, pid, started }) {
    if (machine === null || started === null || machine !== (await thisMachine())) return false
    const now = await lookAt(pid)
    return now === null ? !exists(pid) : now.over || now.started !== started
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

interface Seen {
  /** Field 22 of /proc/PID/stat, clock ticks since boot. */
  readonly started: string
  /** It has ended, and only its entry is left (a zombie). */
  readonly over: boolean
}

/** Null if nothing can be read: there is no such process, or it is hidden from us. */
async function lookAt(pid: number): Promise<Seen | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
    // The second field is the command in brackets, which may hold anything.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const started = fields[18]
    return started === undefined ? null : { started, over: state === 'Z' || state === 'X' }
  } catch {
    return null
  }
}

/** /proc mounted with hidepid shows no process of another user; a signal that is never sent tells it apart from none. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
