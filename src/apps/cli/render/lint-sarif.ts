/** SARIF 2.1.0 (OASIS), for code hosts and editors. */
import { pathToFileURL } from 'node:url'
import type { LintResult } from '../../../core/cron-lint/lint.ts'
import type { Language } from '../../../core/cron-lint/rule.ts'
import { RULES } from '../../../core/cron-lint/rules.ts'

export function lintSarif({ findings }: LintResult, language: Language): string {
  const rules = RULES.map(({ code, severity, title, harm, fix }) => ({
    id: code,
    shortDescription: { text: title[language] },
    fullDescription: { text: harm[language] },
    help: { text: fix[language] },
    defaultConfiguration: { level: severity },
  }))
  const results = findings.map(({ code, severity, message, harm, place, edits }) => ({
    ruleId: code,
    ruleIndex: RULES.findIndex((rule) => rule.code === code),
    level: severity,
    message: { text: `${message[language]} ${harm[language]}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(place.file) },
          region: {
            startLine: place.line,
            startColumn: place.column,
            endLine: place.endLine,
            endColumn: Math.max(place.endColumn, place.line === place.endLine ? place.column + 1 : 1),
          },
        },
      },
    ],
    ...(edits.length === 0 ? {} : { fixes: [fixOf(edits)] }),
  }))
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'cornac lint', informationUri: 'https://www.npmjs.com/package/cornac', rules },
        },
        columnKind: 'utf16CodeUnits',
        results,
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

function fixOf(edits: LintResult['findings'][number]['edits']) {
  const files = [...new Set(edits.map((edit) => edit.place.file))]
  return {
    artifactChanges: files.map((file) => ({
      artifactLocation: { uri: uriOf(file) },
      replacements: edits
        .filter((edit) => edit.place.file === file)
        .map((edit) =>
          edit.kind === 'replace'
            ? {
                deletedRegion: {
                  startLine: edit.place.line,
                  startColumn: edit.place.column,
                  endLine: edit.place.endLine,
                  endColumn: edit.place.endColumn,
                },
                insertedContent: { text: edit.text },
              }
            : {
                deletedRegion: {
                  startLine: edit.place.line,
                  startColumn: 1,
                  endLine: edit.place.endLine + 1,
                  endColumn: 1,
                },
              },
        ),
    })),
  }
}

function uriOf(path: string): string {
  if (path === '-') return 'stdin'
  if (path.startsWith('/')) return pathToFileURL(path).href
  return path.split('/').map(encodeURIComponent).join('/')
}
