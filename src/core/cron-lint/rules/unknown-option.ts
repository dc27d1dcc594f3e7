import { withoutWord } from '../judge.ts'
import { nearestName } from '../nearest-name.ts'
import type { Judgement, Rule } from '../rule.ts'
import { existsIn } from '../tootctl/commands.ts'

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
      for (const { name, word, known, value } of tootctl.options) {
        if (known === null) {
          const near = nearestName(
            name,
            command.options.map((option) => option.name),
          )
          const hint =
            near === null ? { en: '', fr: '' } : { en: ` There is \`${near}\`.`, fr: ` Il y a \`${near}\`.` }
          const replaced = near !== null && word.exact && word.text.startsWith(name)
          const place = { ...word.place, endColumn: word.place.column + name.length }
          yield {
            place: word.place,
            message: {
              en: `\`tootctl ${command.name}\` has no option \`${name}\`.${hint.en}`,
              fr: `\`tootctl ${command.name}\` n’a pas d’option \`${name}\`.${hint.fr}`,
            },
            edits: replaced ? [{ kind: 'replace', place, text: near }] : withoutWord(word),
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
