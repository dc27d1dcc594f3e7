/** What else goes on at this machine: the time of day where it is, and tootctl at work. */
import { readdir, readFile } from 'node:fs/promises'
import type { OtherWork } from '../../core/ports/runtime.ts'

export const otherWork: OtherWork = {
  localHour(ms) {
    const time = new Date(ms)
    const seconds = time.getMinutes() * 60 + time.getSeconds() + time.getMilliseconds() / 1000
    return time.getHours() + seconds / 3600
  },
  async runningTootctl() {
    const lines: string[] = []
    for (const pid of await processes()) {
      if (pid === String(process.pid)) continue
      const words = await commandLine(pid)
      if (isTootctlAtWork(words)) lines.push(words.join(' '))
    }
    return lines
  },
}

/** Numbers of all processes there are to be seen: proc(5). None where there is no /proc. */
async function processes(): Promise<readonly string[]> {
  const names = await readdir('/proc').catch(() => [])
  return names.filter((name) => /^\d+$/.test(name))
}

/**
 * Empty for what has ended, and for threads of the kernel. A program may write its own line over its arguments, as one text:
 * Bundler does, when it runs a script of Ruby's (`lib/bundler/cli/exec.rb`, `process_title`).
 */
async function commandLine(pid: string): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  const words = text.split('\0').filter((word) => word !== '')
  return words.length === 1 ? (words[0] ?? '').trim().split(/ +/) : words
}

/** What changes media, rows that name them, or where they lie. Source: Mastodon 4.3 to 4.6 `lib/mastodon/cli`. */
const WORK: Readonly<Record<string, readonly string[]>> = {
  media: ['remove', 'remove-orphans', 'refresh'],
  accounts: ['delete', 'prune', 'cull', 'refresh', 'rotate', 'merge', 'fix-duplicates'],
  statuses: ['remove'],
  'preview-cards': ['remove'],
  emoji: ['purge'],
  domains: ['purge'],
  upgrade: ['storage-schema'],
  maintenance: ['fix-duplicates'],
}

/**
 * An argument that is the program itself, followed by such a command. A shell that was given the line as one text, or an editor
 * that has the script open, is not at work; neither is Cornac, whose own verb has the same name and whose lease guards it.
 */
function isTootctlAtWork(words: readonly string[]): boolean {
  return words.some((word, at) => {
    if (baseName(word) !== 'tootctl' || isCornac(words[at - 1])) return false
    const [group, command] = words.slice(at + 1).filter((argument) => !argument.startsWith('-'))
    return commandsOf(group).some((known) => isCommand(command, known))
  })
}

function commandsOf(group: string | undefined): readonly string[] {
  return Object.keys(WORK)
    .filter((known) => isCommand(group, known))
    .flatMap((known) => WORK[known] ?? [])
}

/** Thor takes `_` for `-`, and a beginning for the whole. */
function isCommand(word: string | undefined, command: string): boolean {
  return word !== undefined && word !== '' && command.startsWith(word.replaceAll('_', '-'))
}

function isCornac(word: string | undefined): boolean {
  return word !== undefined && /^(cornac|main\.[jt]s)$/.test(baseName(word))
}

function baseName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1)
}
