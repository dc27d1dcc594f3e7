import { whatIsMissing, type LabServer } from '../lab/servers/installed.ts'

/** Options for `describe` and `test`: skip with a reason, or run. */
export interface SkipOrRun {
  readonly skip: false | string
}

/** Begins every skip reason, so that the runner can count what was skipped for want of which server. */
export const needsPrefix = 'needs '

/**
 * Options for a test that needs servers of the lab. Where one is not installed the test is skipped with a reason, except in
 * continuous integration (`CI` is set): there this throws, because a contract nobody runs is not a contract.
 */
export function needs(...servers: readonly LabServer[]): SkipOrRun {
  return decide(servers, whatIsMissing, isContinuousIntegration())
}

/** True where a missing server is an error: the variable CI is set to anything but an explicit no. */
function isContinuousIntegration(): boolean {
  return !['', '0', 'false', 'no'].includes((process.env['CI'] ?? '').toLowerCase())
}

/** The decision behind `needs`. */
export function decide(
  servers: readonly LabServer[],
  missing: (server: LabServer) => string | undefined,
  inContinuousIntegration: boolean,
): SkipOrRun {
  for (const server of servers) {
    const sentence = missing(server)
    if (sentence === undefined) continue
    if (inContinuousIntegration) throw new Error(`This test needs ${server}, and CI is set. ${sentence}`)
    return { skip: `${needsPrefix}${server}: ${sentence}` }
  }
  return { skip: false }
}
