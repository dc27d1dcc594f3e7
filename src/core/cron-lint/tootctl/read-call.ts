import type { ScheduledCommand, Word } from '../../model/scheduled.ts'
import { OTHER_GROUPS, TOOTCTL, type TootctlCommand, type TootctlOption } from './commands.ts'

/** One option as it was given. */
export interface GivenOption {
  /** `--days`, whatever way it was written. */
  readonly name: string
  /** The word with the option. */
  readonly word: Word
  /** Its value, of the same word or the next one; null for switches. */
  readonly value: string | null
  /** The word the value stands in. */
  readonly valueWord: Word | null
  /** `--no-…` */
  readonly off: boolean
  readonly known: TootctlOption | null
}

/** A call of tootctl, read as Thor reads it. */
export interface TootctlCall {
  /** `media remove`; the words as they are where there is no such command. */
  readonly name: string
  readonly command: TootctlCommand | null
  /** The program's word and those that name the command. */
  readonly program: Word
  readonly nameWords: readonly Word[]
  readonly options: readonly GivenOption[]
  readonly words: readonly Word[]
  /** It only shows help or the version, or belongs to a group that has nothing to do with maintenance. */
  readonly harmless: boolean
}

/** Null if the command is no call of tootctl. */
export function readTootctlCall({ words }: ScheduledCommand): TootctlCall | null {
  const at = words.findIndex((word) => isTootctl(word.text))
  const program = words[at]
  // `rails runner …` and the like may name it elsewhere; only what stands first is called
  if (program === undefined || at > 0) return null
  const rest = words.slice(1)
  const group = rest[0]
  if (group === undefined || group.text.startsWith('-'))
    return {
      name: group?.text ?? '',
      command: null,
      program,
      nameWords: rest.slice(0, 1),
      options: [],
      words: [],
      harmless: true,
    }
  const groupName = dashless(group.text)
  if (OTHER_GROUPS.includes(group.text) || OTHER_GROUPS.includes(groupName))
    return {
      name: group.text,
      command: null,
      program,
      nameWords: [group],
      options: [],
      words: [],
      harmless: true,
    }
  const second = rest[1]
  const command = TOOTCTL.find(
    ({ name }) =>
      dashless(name.split(' ')[0] ?? '') === groupName &&
      dashless(name.split(' ')[1] ?? '') === dashless(second?.text ?? ''),
  )
  const nameWords = second === undefined || second.text.startsWith('-') ? [group] : [group, second]
  const { options, left } = readOptions(rest.slice(nameWords.length), command ?? null)
  return {
    name: command?.name ?? nameWords.map(({ text }) => text).join(' '),
    command: command ?? null,
    program,
    nameWords,
    options,
    words: left,
    harmless:
      second?.text === 'help' ||
      nameWords.some(({ unknown }) => unknown) ||
      options.some(({ name }) => name === '--help' || name === '-h'),
  }
}

function isTootctl(text: string): boolean {
  const name = text.slice(text.lastIndexOf('/') + 1)
  return name === 'tootctl' || name === 'mastodon-tootctl'
}

/** The option as it counts: the last of several; null if it was not given, or switched off (`--no-…`). */
export function optionOf(call: TootctlCall, name: string): GivenOption | null {
  return call.options.findLast((option) => option.name === name && !option.off) ?? null
}

/** The number an option has; null without it, or if only the running shell knows. */
export function numberOf(call: TootctlCall, name: string): number | null {
  const value = optionOf(call, name)?.value
  if (value === null || value === undefined || !/^-?\d+(\.\d+)?$/.test(value)) return null
  return Number(value)
}

function readOptions(
  words: readonly Word[],
  command: TootctlCommand | null,
): { readonly options: readonly GivenOption[]; readonly left: readonly Word[] } {
  const options: GivenOption[] = []
  const left: Word[] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i]
    if (word === undefined) break
    const { text } = word
    if (!/^-[a-z-]/i.test(text)) {
      left.push(word)
      continue
    }
    const equals = text.indexOf('=')
    const written = equals === -1 ? text : text.slice(0, equals)
    const attached = equals === -1 ? null : text.slice(equals + 1)
    const found = findOption(written, command)
    const short =
      found.known === null && /^-[a-z]\d+$/i.test(written) ? findOption(written.slice(0, 2), command) : null
    const known = short?.known ?? found.known
    const name = known?.name ?? written
    if (known === null || known.takes === 'nothing') {
      options.push({
        name,
        word,
        value: attached,
        valueWord: attached === null ? null : word,
        off: found.off,
        known,
      })
      continue
    }
    if (short !== null) {
      options.push({ name, word, value: written.slice(2), valueWord: word, off: false, known })
      continue
    }
    if (attached !== null) {
      options.push({ name, word, value: attached, valueWord: word, off: false, known })
      continue
    }
    const next = words[i + 1]
    const value = next !== undefined && !next.text.startsWith('--') ? next : null
    if (value !== null) i++
    options.push({ name, word, value: value?.text ?? null, valueWord: value, off: false, known })
  }
  return { options, left }
}

function findOption(
  written: string,
  command: TootctlCommand | null,
): { known: TootctlOption | null; off: boolean } {
  if (!written.startsWith('--'))
    return { known: command?.options.find(({ short }) => short === written) ?? null, off: false }
  const name = `--${written.slice(2).replaceAll('_', '-')}`
  const known = command?.options.find((option) => option.name === name)
  if (known !== undefined) return { known, off: false }
  const positive = name.startsWith('--no-') ? `--${name.slice(5)}` : null
  const off = command?.options.find((option) => option.name === positive && option.takes === 'nothing')
  return { known: off ?? null, off: off !== undefined }
}

function dashless(name: string): string {
  return name.replaceAll('-', '_').toLowerCase()
}
