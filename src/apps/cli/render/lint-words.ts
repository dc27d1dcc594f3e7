/** What lint's output says besides the rules' own texts, in every language it speaks. */
import type { Unread } from '../../../core/model/scheduled.ts'
import type { Language, Severity } from '../../../core/cron-lint/rule.ts'

interface Words {
  readonly severity: Readonly<Record<Severity, string>>
  readonly harm: string
  readonly better: string
  readonly cornac: string
  readonly takeOut: string
  readonly proposal: (path: string) => string
  readonly clean: (files: number) => string
  readonly total: (findings: number, files: number) => string
  readonly nothingFound: string
  readonly runs: string
  readonly nextRuns: string
  readonly notRead: string
  readonly reasons: Readonly<Record<Unread['reason'], string>>
  readonly wrote: (path: string) => string
  readonly evidence: string
  readonly fix: string
}

export const LINT_WORDS: Readonly<Record<Language, Words>> = {
  en: {
    severity: { error: 'error', warning: 'warning', note: 'note' },
    harm: 'harm:',
    better: 'better:',
    cornac: 'with Cornac:',
    takeOut: '(take the line out)',
    proposal: (path) => `Proposed ${path}:`,
    clean: (files) => `Nothing is wrong in ${files} ${files === 1 ? 'file' : 'files'}.`,
    total: (findings, files) =>
      `${findings} ${findings === 1 ? 'finding' : 'findings'} in ${files} ${files === 1 ? 'file' : 'files'}. cornac lint --explain CODE says more.`,
    nothingFound: 'Nothing that runs on a schedule was found.',
    runs: 'runs',
    nextRuns: 'next:',
    notRead: 'Not looked at:',
    reasons: {
      missing: 'is not there',
      forbidden: 'may not be read by this user',
      'no-file': 'is no plain file',
      binary: 'is no text',
      'too-long': 'is too long; the rest was not looked at',
      'too-deep': 'is nested too deeply; parts were not looked at',
      'not-understood': 'was not understood',
      'script-not-found': 'is called, and is not on this machine',
      failed: 'could not be read',
    },
    wrote: (path) => `Wrote ${path}.`,
    evidence: 'Evidence:',
    fix: 'What to do:',
  },
  fr: {
    severity: { error: 'erreur', warning: 'attention', note: 'remarque' },
    harm: 'dommage :',
    better: 'mieux :',
    cornac: 'avec Cornac :',
    takeOut: '(retirez la ligne)',
    proposal: (path) => `Proposition pour ${path} :`,
    clean: (files) => `Rien à redire dans ${files} ${files > 1 ? 'fichiers' : 'fichier'}.`,
    total: (findings, files) =>
      `${findings} ${findings > 1 ? 'constats' : 'constat'} dans ${files} ${files > 1 ? 'fichiers' : 'fichier'}. cornac lint --explain CODE en dit plus.`,
    nothingFound: 'Rien de programmé n’a été trouvé.',
    runs: 'tourne',
    nextRuns: 'prochains :',
    notRead: 'Non examinés :',
    reasons: {
      missing: 'n’existe pas',
      forbidden: 'n’est pas lisible par cet utilisateur',
      'no-file': 'n’est pas un fichier ordinaire',
      binary: 'n’est pas du texte',
      'too-long': 'est trop long ; le reste n’a pas été examiné',
      'too-deep': 'est trop imbriqué ; des parties n’ont pas été examinées',
      'not-understood': 'n’a pas été compris',
      'script-not-found': 'est appelé, mais n’est pas sur cette machine',
      failed: 'n’a pas pu être lu',
    },
    wrote: (path) => `${path} est écrit.`,
    evidence: 'Preuve :',
    fix: 'Que faire :',
  },
}
