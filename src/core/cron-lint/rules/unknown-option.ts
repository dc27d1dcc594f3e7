import { withoutWord } from '../judge.ts'
import { nearestName } from '../nearest-name.ts'
import type { Edit, Judgement, Rule } from '../rule.ts'
import { existsIn, type TootctlCommand } from '../tootctl/commands.ts'
import type { GivenOption, TootctlCall } from '../tootctl/read-call.ts'

/** What people write, after other programs and older Mastodons, and what tootctl calls it. */
const MEANT: Readonly<Record<string, string>> = {
  '-d': '--days',
  '--num-days': '--days',
  '--numdays': '--days',
  '--number-of-days': '--days',
  '--older-than': '--days',
  '--older-than-days': '--days',
  '--max-age': '--days',
  '--age': '--days',
  '--keep-days': '--days',
  '--retention-days': '--days',
  '-c': '--concurrency',
  '-j': '--concurrency',
  '--jobs': '--concurrency',
  '--threads': '--concurrency',
  '--workers': '--concurrency',
  '-n': '--dry-run',
  '--dry': '--dry-run',
  '--simulate': '--dry-run',
}

export const unknownOption: Rule = {
  code: 'unknown-option',
  severity: 'error',
  title: { en: 'an option that the command does not have', fr: 'une option que la commande n’a pas' },
  harm: {
    en: 'tootctl ends with an error before it does anything, at each run.',
    fr: 'tootctl s’arrête avec une erreur avant de faire quoi que ce soit, à chaque passage.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/*.rb',
    says: {
      en: 'Each command declares its options; Thor refuses others. `media remove --keep-interacted` came with 4.6.',
      fr: 'Chaque commande déclare ses options ; Thor refuse les autres. `media remove --keep-interacted` date de 4.6.',
    },
  },
  fix: {
    en: 'Use an option of this version, or none.',
    fr: 'Utilisez une option de cette version, ou aucune.',
  },
  *check({ calls, version }): Iterable<Judgement> {
    for (const { tootctl } of calls) {
      const { command } = tootctl
      if (tootctl.harmless || command === null) continue
      for (const option of tootctl.options) {
        const { name, word, known, value } = option
        if (known === null) {
          const near = meant(name, command)
          const hint =
            near === null ? { en: '', fr: '' } : { en: ` There is \`${near}\`.`, fr: ` Il y a \`${near}\`.` }
          yield {
            place: word.place,
            message: {
              en: `\`tootctl ${command.name}\` has no option \`${name}\`.${hint.en}`,
              fr: `\`tootctl ${command.name}\` n’a pas d’option \`${name}\`.${hint.fr}`,
            },
            edits: mended(tootctl, option, near),
          }
        } else if (!existsIn(known.since, version))
          yield {
            place: word.place,
            message: {
              en: `\`${name}\` exists from ${known.since} on, not in ${version}.`,
              fr: `\`${name}\` existe à partir de ${known.since}, pas dans ${version}.`,
            },
            edits: withoutWord(word),
          }
        else if (
          known.takes === 'number' &&
          !word.unknown &&
          value !== null &&
          !/^-?\d+$/.test(value) &&
          !value.includes('$')
        )
          yield {
            place: word.place,
            message: {
              en: `\`${name}\` wants a number, not \`${value}\`.`,
              fr: `\`${name}\` veut un nombre, pas \`${value}\`.`,
            },
          }
      }
      const surplus = tootctl.words[command.words]
      if (surplus !== undefined && !surplus.unknown && !tootctl.options.some(({ known }) => known === null))
        yield {
          place: surplus.place,
          message: {
            en: `\`tootctl ${command.name}\` takes no word \`${surplus.text}\`.`,
            fr: `\`tootctl ${command.name}\` n’accepte pas le mot \`${surplus.text}\`.`,
          },
          edits: withoutWord(surplus),
        }
    }
  },
}

function meant(name: string, { options }: TootctlCommand): string | null {
  const known = options.map((option) => option.name)
  const said = name.toLowerCase().replaceAll('_', '-')
  const other = Object.hasOwn(MEANT, said) ? MEANT[said] : undefined
  return other !== undefined && known.includes(other) ? other : nearestName(said, known)
}

/** The right name where the given value fits it, and else nothing of the option: a number that is left over would fail, too. */
function mended({ command, words }: TootctlCall, option: GivenOption, near: string | null): readonly Edit[] {
  const { name, word, value } = option
  const right = command?.options.find((each) => each.name === near)
  const after = words.find(
    ({ place, text, unknown }) =>
      (/^\d+$/.test(text) || unknown) &&
      place.file === word.place.file &&
      place.line === word.place.line &&
      // a quote may stand between
      place.column > word.place.endColumn &&
      place.column <= word.place.endColumn + 2,
  )
  const given = value ?? after?.text
  const number = after?.unknown === true || word.unknown || /^\d+$/.test(given ?? '')
  const fits =
    right !== undefined &&
    (right.takes === 'nothing'
      ? given === undefined
      : given !== undefined && (right.takes === 'text' || number))
  if (fits && near !== null && word.exact && word.text.startsWith(name)) {
    const place = { ...word.place, endColumn: word.place.column + name.length }
    return [{ kind: 'replace', place, text: near }]
  }
  // a word that the command wants may be a number as well
  const surplus = after !== undefined && value === null && words.length > (command?.words ?? 0) ? [after] : []
  return [word, ...surplus].flatMap(withoutWord)
}
