/** Workflow commands of GitHub Actions: one line for each finding, shown beside the line of the change. */
import type { LintResult } from '../../../core/cron-lint/lint.ts'
import type { Language } from '../../../core/cron-lint/rule.ts'

const COMMANDS = { error: 'error', warning: 'warning', note: 'notice' } as const

export function lintGithub({ findings }: LintResult, language: Language): string {
  return findings
    .map(({ code, severity, message, harm, place }) => {
      const end = place.line === place.endLine ? `,endColumn=${place.endColumn}` : ''
      const properties = `file=${property(place.file)},line=${place.line},endLine=${place.endLine},col=${place.column}${end},title=${property(code)}`
      return `::${COMMANDS[severity]} ${properties}::${data(`${message[language]} ${harm[language]}`)}\n`
    })
    .join('')
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
