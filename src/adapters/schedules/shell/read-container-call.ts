import { readOptions, type Options } from './read-options.ts'
import type { ShellWord } from './shell-word.ts'
import { CONTAINER_VALUED } from './wrappers.ts'

/** `docker compose exec -T web …`, `kubectl exec deploy/web -- …`: a command that runs in a container. */
export interface ContainerCall {
  readonly kind: 'cluster' | 'container'
  readonly program: string
  /** Where `exec` or `run` stands. */
  readonly verb: number
  /** Where the command in the container begins. */
  readonly start: number
  /** Those of `exec` or `run`. */
  readonly options: Options
  readonly entrypoint: readonly ShellWord[]
  /** The words that ask for a terminal. */
  readonly terminal: readonly ShellWord[]
}

/** Null if the call of `name` runs nothing in a container. */
export function readContainerCall(name: string, words: readonly ShellWord[]): ContainerCall | null {
  const { verb, compose } = findVerb(name, words)
  const sub = words[verb]?.text
  if (sub !== 'exec' && sub !== 'run') return null
  const options = readOptions(words, verb + 1, CONTAINER_VALUED)
  const kubernetes = name === 'kubectl' || name === 'oc' || name.includes('k3s') || name.includes('kubectl')
  let start = options.next + 1
  if (kubernetes || name === 'incus' || name === 'lxc') {
    const dashes = words.findIndex((word, i) => i > verb && word.text === '--')
    if (dashes === -1 && kubernetes) start = readOptions(words, options.next + 1, CONTAINER_VALUED).next
    else if (dashes !== -1) start = dashes + 1
  }
  const entrypoint = sub === 'run' ? options.word(['--entrypoint']) : null
  return {
    kind: kubernetes ? 'cluster' : 'container',
    program: compose && name === 'docker' ? 'docker compose' : name,
    verb,
    start,
    options,
    entrypoint: entrypoint === null ? [] : [entrypoint],
    terminal: terminalOf(name, words.slice(verb, start)),
  }
}

function findVerb(name: string, words: readonly ShellWord[]): { verb: number; compose: boolean } {
  let verb = readOptions(words, 1, CONTAINER_VALUED).next
  const behind = () => readOptions(words, verb + 1, CONTAINER_VALUED).next
  if (name === 'k3s' && words[verb]?.text === 'kubectl') verb = behind()
  const sub = words[verb]?.text
  if (sub === 'compose' || sub === 'container') verb = behind()
  return { verb, compose: sub === 'compose' || name.endsWith('-compose') }
}

function terminalOf(name: string, [verb, ...words]: readonly ShellWord[]): readonly ShellWord[] {
  if (words.some(({ text }) => text === '-T' || text === '--no-tty' || text === '--no-TTY')) return []
  const asked = words.filter(
    ({ text }) => text === '--tty' || text === '--tty=true' || /^-[a-z]*t[a-z]*$/.test(text),
  )
  // docker-compose of old gives one unless told not to
  return name === 'docker-compose' && asked.length === 0 && verb !== undefined ? [verb] : asked
}
