/** docs/lint-rules.md: every rule with its harm, its evidence and what to do, in every language lint speaks. */
import { RULES } from '../../../core/cron-lint/rules.ts'
import { TOOTCTL, VERSIONS } from '../../../core/cron-lint/tootctl/commands.ts'

export function lintRulesPage(): string {
  const list = RULES.map(({ code, title }) => `- [\`${code}\`](#${code}): ${title.en}`).join('\n')
  const rules = RULES.map(
    ({ code, severity, title, harm, evidence, fix }) => `## ${code}

**${severity}**: ${title.en}.

${harm.en}

*Evidence* (${evidence.versions}; ${evidence.source}): ${evidence.says.en}

*What to do*: ${fix.en}

*En français*: ${title.fr}. ${harm.fr} ${fix.fr}
`,
  ).join('\n')
  const commands = TOOTCTL.map(({ name, options, since }) => {
    const said = options.map(
      (option) => `\`${option.name}\`${option.since === undefined ? '' : ` (from ${option.since})`}`,
    )
    return `- \`${name}\`${since === undefined ? '' : ` (from ${since})`}${said.length === 0 ? '' : `: ${said.join(', ')}`}`
  }).join('\n')
  return `# The rules of cornac lint

Made from the rules by \`scripts/write-lint-rules.ts\`; do not edit. How to use them: [lint.md](lint.md).
\`cornac lint --explain CODE\` says the same on the command line.

${list}

${rules}
## The commands of tootctl

What lint takes for existing, from Mastodon ${VERSIONS[0]} to ${VERSIONS.at(-1)}.

${commands}
`
}
