/** Some two hundred answers that no origin should give, each with the end a heal that meets it has to come to. */
import type { HostileAnswer } from './hostile-answer.ts'
import { oddBodies } from './odd-bodies.ts'
import { oddHeads } from './odd-heads.ts'
import { oddRedirects } from './odd-redirects.ts'
import { oddStatuses } from './odd-statuses.ts'
import { privateRedirects } from './private-redirects.ts'

/** The same names in every run; some keep count of who came, so each call gives fresh ones. */
export function hostileAnswers(): readonly HostileAnswer[] {
  return [...privateRedirects(), ...oddRedirects(), ...oddHeads(), ...oddBodies(), ...oddStatuses()]
}
