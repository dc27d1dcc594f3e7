import { openScheduleReader } from '../../src/adapters/schedules/open-schedules.ts'
import { lint, type LintResult } from '../../src/core/cron-lint/lint.ts'
import type { MastodonVersion } from '../../src/core/cron-lint/tootctl/commands.ts'
import type { Maintenance } from '../../src/core/model/scheduled.ts'

/** A Sunday noon, so that next runs are always the same. */
export const NOW = Date.parse('2026-03-01T12:00:00Z')

/** A root in which nothing is, so that scripts of this machine are never followed. */
const NOWHERE = '/nowhere-at-all'

export interface LintedOptions {
  readonly version?: MastodonVersion | null
  readonly input?: string | Uint8Array
  readonly root?: string
}

/** Files as the command reads them, judged by all rules. */
export async function linted(
  paths: readonly string[],
  { version = null, input = '', root = NOWHERE }: LintedOptions = {},
): Promise<LintResult & { readonly maintenance: Maintenance }> {
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input
  async function* stdin(): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  const reader = openScheduleReader({ input: stdin(), now: () => NOW })
  const maintenance = await reader.read({ paths, root })
  return { ...lint(maintenance, { version }), maintenance }
}

/** A text as on standard input. */
export function lintedText(text: string, options: LintedOptions = {}): ReturnType<typeof linted> {
  return linted(['-'], { ...options, input: text })
}
