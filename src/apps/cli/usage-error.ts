import type { CommanderError } from 'commander'
import { nearest } from '../../config/nearest.ts'
import { KnownError } from '../../core/errors.ts'

/** The command line cannot be understood; nothing was done. */
export function usageError(what: string, remedy: string): KnownError {
  return new KnownError({ code: 'usage', category: 'usage', what, remedy })
}

/** What could have been meant where the parser gave up. */
export interface KnownWords {
  /** The verb as far as it was understood; '' for none. */
  readonly verb: string
  readonly verbs: readonly string[]
  /** Long flags. */
  readonly flags: readonly string[]
}

/** The parser's complaint as one sentence of ours, with the nearest word that would have been right. */
export function fromCommander(error: CommanderError, known: KnownWords): KnownError {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const help = `See cornac ${known.verb === '' ? '' : `${known.verb} `}--help`
  const suggest = (candidates: readonly string[], prefix: string): string => {
    const meant = nearest(quoted, candidates)
    return meant === undefined ? help : `Did you mean ${prefix}${meant}? ${help}`
  }
  switch (error.code) {
    case 'commander.unknownCommand': {
      const prefix = known.verb === '' ? 'cornac ' : `cornac ${known.verb} `
      return usageError(`There is no command ${prefix}${quoted}`, suggest(known.verbs, prefix))
    }
    case 'commander.unknownOption':
      return usageError(`There is no option ${quoted}${where(known)}`, suggest(known.flags, ''))
    case 'commander.optionMissingArgument':
      return usageError(`The option ${quoted} lacks its value`, help)
    case 'commander.missingArgument':
      return usageError(`${quoted} is missing after cornac ${known.verb}`, help)
    case 'commander.excessArguments':
      if (known.verbs.length > 0) {
        const words = known.verbs.map((verb) => `cornac ${known.verb} ${verb}`)
        return usageError(
          `There is no such command below cornac ${known.verb}`,
          `There are ${words.join(', ')}. ${help}`,
        )
      }
      return usageError(`There are too many words after cornac ${known.verb}`, help)
    default:
      return usageError(error.message.replace(/^error: /, '').replace(/\.$/, ''), help)
  }
}

function where(known: KnownWords): string {
  return known.verb === '' ? '' : ` for cornac ${known.verb}`
}
