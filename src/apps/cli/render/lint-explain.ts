import type { Language, Rule } from '../../../core/cron-lint/rule.ts'
import { LINT_WORDS } from './lint-words.ts'
import type { Painter } from './paint.ts'

/** All that is known of one rule. */
export function explainRule(
  { code, severity, title, harm, evidence, fix }: Rule,
  language: Language,
  paint: Painter,
): string {
  const words = LINT_WORDS[language]
  return [
    `${paint.bold(code)} (${words.severity[severity]}): ${title[language]}`,
    '',
    harm[language],
    '',
    `${words.evidence} ${evidence.says[language]}`,
    `  ${evidence.versions}; ${evidence.source}`,
    '',
    `${words.fix} ${fix[language]}`,
    '',
  ].join('\n')
}
