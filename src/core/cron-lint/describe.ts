import type { ScheduledCommand } from '../model/scheduled.ts'
import type { Texts } from './rule.ts'
import { numberOf, optionOf, readTootctlCall, type TootctlCall } from './tootctl/read-call.ts'

/** What a command really does, in a clause without a full stop; null if it is none of Mastodon's. Source: lib/mastodon/cli. */
export function describeCommand(command: ScheduledCommand): Texts | null {
  const call = readTootctlCall(command)
  if (call === null || call.harmless || call.command === null) return null
  const said = describeCall(call)
  if (said === null || optionOf(call, '--dry-run') === null) return said
  return { en: `only counts: ${said.en}`, fr: `compte seulement : ${said.fr}` }
}

function describeCall(call: TootctlCall): Texts | null {
  const days = (usual: number): string => optionOf(call, '--days')?.value ?? String(usual)
  switch (call.name) {
    case 'media remove':
      return describeRemove(call, days(7))
    case 'media remove-orphans':
      return {
        en: 'deletes files that no row names, whatever their age',
        fr: 'supprime les fichiers qu’aucune ligne ne nomme, quel que soit leur âge',
      }
    case 'media refresh':
      return { en: 'downloads attachments again', fr: 'retélécharge des pièces jointes' }
    case 'preview_cards remove':
      return {
        en: `removes images of preview cards that were last changed more than ${days(180)} days ago; they come back only when the link is posted anew`,
        fr: `supprime les images d’aperçus de liens modifiés il y a plus de ${days(180)} jours ; elles ne reviennent que si le lien est publié de nouveau`,
      }
    case 'statuses remove':
      return {
        en: `deletes posts of other servers that are older than ${days(90)} days and that nobody here touched, for good`,
        fr: `supprime pour de bon les messages d’autres serveurs de plus de ${days(90)} jours que personne ici n’a touchés`,
      }
    case 'accounts cull':
      return {
        en: 'asks after every remote account and deletes those that answer with 404 or 410, with all they have',
        fr: 'interroge chaque compte distant et supprime ceux qui répondent 404 ou 410, avec tout ce qu’ils ont',
      }
    case 'accounts prune':
      return {
        en: 'deletes remote accounts that have nothing to do with anybody here',
        fr: 'supprime les comptes distants sans aucun lien avec qui que ce soit ici',
      }
    case 'accounts refresh':
      return {
        en: 'downloads avatars and headers again from the addresses that are stored',
        fr: 'retélécharge avatars et bannières depuis les adresses enregistrées',
      }
    case 'cache clear':
      return {
        en: 'empties the Rails cache in Redis; no file is removed',
        fr: 'vide le cache de Rails dans Redis ; aucun fichier n’est supprimé',
      }
    case 'cache recount':
      return {
        en: 'counts followers, posts or reactions anew',
        fr: 'recompte les abonnés, les messages ou les réactions',
      }
    case 'emoji purge':
      return optionOf(call, '--remote-only') !== null || optionOf(call, '--suspended-only') !== null
        ? {
            en: 'deletes custom emoji of other servers, rows and files',
            fr: 'supprime les émojis d’autres serveurs, lignes et fichiers',
          }
        : {
            en: 'deletes all custom emoji, those of this server too',
            fr: 'supprime tous les émojis, ceux de ce serveur aussi',
          }
    case 'domains purge':
      return {
        en: 'deletes all accounts of a domain without a trace',
        fr: 'supprime sans trace tous les comptes d’un domaine',
      }
    default:
      return null
  }
}

function describeRemove(call: TootctlCall, days: string): Texts {
  const profiles = optionOf(call, '--prune-profiles') !== null
  const headers = optionOf(call, '--remove-headers') !== null
  if (profiles && headers) return { en: 'ends with an error', fr: 'finit par une erreur' }
  if (profiles || headers) {
    const spared = optionOf(call, '--include-follows') === null
    return {
      en: `removes ${profiles ? 'avatars and headers' : 'headers'} of remote accounts unheard of for ${days} days, ${spared ? 'except where somebody follows' : 'followed ones too'}; they do not come back on view`,
      fr: `supprime ${profiles ? 'avatars et bannières' : 'les bannières'} des comptes distants sans nouvelles depuis ${days} jours, ${spared ? 'sauf s’il y a un abonnement' : 'même suivis'} ; rien ne revient à la lecture`,
    }
  }
  const older =
    numberOf(call, '--days') === 0
      ? { en: '', fr: '' }
      : { en: ` that came in more than ${days} days ago`, fr: ` arrivées il y a plus de ${days} jours` }
  return {
    en: `removes attachments of other servers${older.en}; they come back when somebody looks`,
    fr: `supprime les pièces jointes d’autres serveurs${older.fr} ; elles reviennent à la lecture`,
  }
}
