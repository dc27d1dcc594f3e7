import type { Dotenv } from './dotenv.ts'
import type { Problem } from './problem.ts'
import { isSecretName } from './secret.ts'
import type { Environment } from './surroundings.ts'

/** Mastodon's settings file as it was read. */
export interface EnvFile {
  readonly path: string
  readonly content: Dotenv
}

interface Setting {
  readonly value: string
  readonly place: string
}

const THE_ENVIRONMENT = 'the environment'

/**
 * Mastodon's variables by name: the real environment first, then the file, as in Mastodon.
 * Collects what is wrong with the ones that are asked for; nothing is said about variables nobody needs.
 */
export class Settings {
  readonly problems: Problem[] = []
  readonly notes: string[] = []
  readonly #environment: Environment
  readonly #file: EnvFile | null
  readonly #known = new Map<string, Setting | undefined>()

  constructor(environment: Environment, file: EnvFile | null) {
    this.#environment = environment
    this.#file = file
  }

  /** Whether the variable is set, to an empty text too. */
  has(name: string): boolean {
    return this.#setting(name) !== undefined
  }

  /** The value without blanks around it; null if it is unset or blank. */
  text(name: string): string | null {
    const value = this.#setting(name)?.value.trim()
    return value === undefined || value === '' ? null : value
  }

  /** The value as it stands, for passwords; null if it is unset or empty. */
  verbatim(name: string): string | null {
    const value = this.#setting(name)?.value
    return value === undefined || value === '' ? null : value
  }

  /** Where the variable is set, or where it should be. */
  place(name: string): string {
    return this.#setting(name)?.place ?? this.#file?.path ?? THE_ENVIRONMENT
  }

  problem(name: string, what: string, remedy: string): void {
    this.problems.push({ setting: name, place: this.place(name), what, remedy })
  }

  /** `NAME is "value"`, or `NAME` alone where the value may be a secret. */
  quote(name: string): string {
    const value = this.text(name) ?? ''
    return isSecretName(name) ? name : `${name} is ${JSON.stringify(value.slice(0, 80))}`
  }

  #setting(name: string): Setting | undefined {
    if (!this.#known.has(name)) this.#known.set(name, this.#read(name))
    return this.#known.get(name)
  }

  #read(name: string): Setting | undefined {
    const real = this.#environment[name]
    const assigned = this.#file?.content.assignments.get(name)
    const line = `${this.#file?.path ?? ''}:${assigned?.line ?? ''}`
    if (real !== undefined) {
      if (assigned !== undefined && assigned.value !== real) {
        this.notes.push(`${name} comes from the environment, not from ${line}`)
      }
      this.#lookForQuotes(name, real)
      return { value: real, place: THE_ENVIRONMENT }
    }
    if (assigned === undefined) return undefined
    if (assigned.wantsCommand) {
      this.problems.push({
        setting: name,
        place: line,
        what: `${name} is the result of a command, and Cornac never runs commands found in a file`,
        remedy: `Write the value itself, or set ${name} in the environment`,
      })
    }
    if (assigned.refersToUnset) {
      this.notes.push(
        `${name} (${line}) refers with $ to a variable that is not set and is read without it, as Mastodon does; ` +
          'put the value in single quotes if the $ belongs to it',
      )
    }
    return { value: assigned.value, place: line }
  }

  /** Compose files and `docker run --env-file` of old pass quotes on; a password may really have them. */
  #lookForQuotes(name: string, value: string): void {
    if (!/^(["']).+\1$/s.test(value.trim())) return
    if (isSecretName(name)) {
      this.notes.push(`${name} in the environment is wrapped in quotes, and they are taken as part of it`)
      return
    }
    this.problems.push({
      setting: name,
      place: THE_ENVIRONMENT,
      what: `${name} is wrapped in quotes, and in the environment quotes are part of the value`,
      remedy: 'Take the quotes away where the variable is set (an env_file of Docker keeps them)',
    })
  }
}
