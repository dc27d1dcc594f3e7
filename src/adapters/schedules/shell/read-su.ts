import type { ShellWord } from './shell-word.ts'

/** What `su` is asked for; su(1) takes its options before and after the user. */
export interface SuCall {
  readonly user: string
  readonly script: ShellWord | null
  readonly login: boolean
}

/** Reads `su [options] [-] [user]`, and `runuser` where it is su by another name. */
export function readSu(words: readonly ShellWord[]): SuCall {
  let user: string | null = null
  let script: ShellWord | null = null
  let login = false
  for (let i = 1; i < words.length; i++) {
    const word = words[i]
    if (word === undefined) break
    const { text } = word
    if (text === '-' || text === '-l' || text === '--login') login = true
    else if (text === '-c' || text === '--command' || /^-[lmp]+c$/.test(text)) {
      if (/l/.test(text)) login = true
      script = words[++i] ?? null
    } else if (text === '-s' || text === '--shell' || text === '-g' || text === '-G' || text === '-w') i++
    else if (!text.startsWith('-') && user === null) user = text
  }
  return { user: user ?? 'root', script, login }
}
