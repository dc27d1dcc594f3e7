/** Writes docs/lint-rules.md from the rules themselves. A test keeps it current. */
import { writeFile } from 'node:fs/promises'
import { lintRulesPage } from '../src/apps/cli/render/lint-rules-page.ts'

await writeFile(new URL('../docs/lint-rules.md', import.meta.url), lintRulesPage())
