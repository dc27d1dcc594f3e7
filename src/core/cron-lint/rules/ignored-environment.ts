import { insertAfter } from '../judge.ts'
import type { Rule } from '../rule.ts'
import { optionOf } from '../tootctl/read-call.ts'

/** Variables of the rake tasks of old, and the options that took their place. */
const OPTIONS: Readonly<Record<string, string>> = {
  NUM_DAYS: '--days',
  DAYS: '--days',
  CONCURRENCY: '--concurrency',
  DRY_RUN: '--dry-run',
  VERBOSE: '--verbose',
}

export const ignoredEnvironment: Rule = {
  code: 'ignored-environment',
  severity: 'error',
  title: { en: 'a variable that tootctl does not read', fr: 'une variable que tootctl ne lit pas' },
  harm: {
    en: 'tootctl goes by its own defaults instead of what the line says, and a hoped-for dry run removes for real.',
    fr: 'tootctl suit ses propres valeurs et non celles de la ligne, et un essai à blanc espéré supprime pour de vrai.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/*.rb',
    says: {
      en: 'The commands read options only; NUM_DAYS and its like belonged to rake tasks that are long gone.',
      fr: 'Les commandes ne lisent que des options ; NUM_DAYS et ses semblables appartenaient à des tâches rake disparues depuis longtemps.',
    },
  },
  fix: { en: 'Give the option instead of the variable.', fr: 'Donnez l’option au lieu de la variable.' },
  *check({ calls }) {
    for (const { tootctl, command } of calls) {
      if (tootctl.harmless || tootctl.command === null) continue
      for (const [name, option] of Object.entries(OPTIONS)) {
        const value = command.environment[name]
        const accepted = tootctl.command.options.find((each) => each.name === option)
        if (value === undefined || accepted === undefined || optionOf(tootctl, option) !== null) continue
        const given = accepted.takes === 'nothing' ? ` ${option}` : ` ${option} ${value.text}`
        const usable = accepted.takes === 'nothing' || /^\d+$/.test(value.text)
        yield {
          place: value.place,
          message: {
            en: `${name} means nothing to tootctl; \`${tootctl.name}\` has \`${option}\` for it.`,
            fr: `${name} ne dit rien à tootctl ; \`${tootctl.name}\` a \`${option}\` pour cela.`,
          },
          edits: usable ? insertAfter(tootctl.nameWords.at(-1), given) : [],
        }
      }
    }
  },
}
