import { nearestName } from '../nearest-name.ts'
import { spanOf } from '../span.ts'
import type { Rule } from '../rule.ts'
import { existsIn, TOOTCTL } from '../tootctl/commands.ts'

/** What people hope for, and what there is. */
const INSTEAD: Readonly<Record<string, string>> = {
  'media list-orphans': 'media remove-orphans --dry-run',
  'media stats': 'media usage',
  'media prune': 'media remove',
  'media clean': 'media remove',
  'media clear': 'media remove',
  'media remove_remote': 'media remove',
  'preview_cards clean': 'preview_cards remove',
  'emoji remove': 'emoji purge --remote-only',
}

export const unknownCommand: Rule = {
  code: 'unknown-command',
  severity: 'error',
  title: { en: 'a command that does not exist', fr: 'une commande qui n’existe pas' },
  harm: {
    en: 'The line fails at each run and nothing is done, while everybody believes that it is.',
    fr: 'La ligne échoue à chaque passage et rien n’est fait, alors que tout le monde croit le contraire.',
  },
  evidence: {
    versions: '4.3–4.6',
    source: 'lib/mastodon/cli/*.rb',
    says: {
      en: 'The table of commands is read from the sources of each version; anything else ends with an error.',
      fr: 'Le tableau des commandes vient des sources de chaque version ; tout le reste finit par une erreur.',
    },
  },
  fix: {
    en: 'Use a command that exists, or take the line out.',
    fr: 'Utilisez une commande qui existe, ou retirez la ligne.',
  },
  *check({ calls, version, maintenance }) {
    for (const { tootctl } of calls) {
      if (tootctl.harmless) continue
      if (tootctl.command !== null) {
        if (existsIn(tootctl.command.since, version)) continue
        const place = spanOf(tootctl.nameWords) ?? tootctl.program.place
        const en = `\`tootctl ${tootctl.name}\` exists from ${tootctl.command.since} on, not in ${version}.`
        const fr = `\`tootctl ${tootctl.name}\` existe à partir de ${tootctl.command.since}, pas dans ${version}.`
        yield { place, message: { en, fr } }
        continue
      }
      const name = tootctl.name.replaceAll(/\s+/g, ' ')
      const instead =
        (Object.hasOwn(INSTEAD, name) ? INSTEAD[name] : undefined) ??
        nearestName(
          name,
          TOOTCTL.map((command) => command.name),
        )
      const place = spanOf(tootctl.nameWords) ?? tootctl.program.place
      const exact = tootctl.nameWords.every((word) => word.exact) && place.line === place.endLine
      const hint =
        instead === null
          ? { en: '', fr: '' }
          : { en: ` There is \`tootctl ${instead}\`.`, fr: ` Il y a \`tootctl ${instead}\`.` }
      yield {
        place,
        message: {
          en: `Mastodon has no \`tootctl ${name}\`${version === null ? '' : ` in ${version}`}.${hint.en}`,
          fr: `Mastodon n’a pas de \`tootctl ${name}\`${version === null ? '' : ` en ${version}`}.${hint.fr}`,
        },
        edits: instead !== null && exact ? [{ kind: 'replace', place, text: instead }] : [],
      }
    }
    for (const { tasks } of maintenance.documents)
      for (const { commands } of tasks)
        for (const { words } of commands) {
          const [program] = words
          const task = words.find(({ text }) =>
            /^mastodon:(media|feeds|daily|push|users|emails|settings)(:|$)/.test(text),
          )
          if (task === undefined || program === undefined || !/(^|\/)(rake|rails)$/.test(program.text))
            continue
          yield {
            place: task.place,
            message: {
              en: `The task \`${task.text}\` is gone since Mastodon 2.5; tootctl took its place.`,
              fr: `La tâche \`${task.text}\` n’existe plus depuis Mastodon 2.5 ; tootctl l’a remplacée.`,
            },
          }
        }
  },
}
