/** The servers a lab instance knows: a few with a story, then as many ordinary ones as its size asks for. */
import { Dice, subjectOf } from './dice.ts'

/** Domains that every lab instance knows, named after what is special about them. */
export const TOLD_DOMAINS = {
  /** suspended here; its subdomains too, unless they have a line of their own */
  blocked: 'blocked.example',
  /** a line without consequences under a suspended parent: media allowed again */
  pardoned: 'pardoned.blocked.example',
  /** no line of its own: as blocked as its parent */
  inherits: 'inherits.blocked.example',
  /** limited, pictures welcome */
  silenced: 'silenced.example',
  /** limited, media rejected */
  noMedia: 'no-media.example',
  noMediaChild: 'child.no-media.example',
  /** ends like a blocked name without being below it */
  lookalike: 'not-blocked.example',
  /** stopped answering deliveries */
  unavailable: 'unavailable.example',
  punycode: 'xn--bcher-kva.example',
} as const

const FIRST = [
  'alpine',
  'amber',
  'birch',
  'cedar',
  'cobalt',
  'copper',
  'coral',
  'dusk',
  'fern',
  'flint',
  'frost',
]
const SECOND = [
  'bay',
  'brook',
  'cove',
  'dale',
  'field',
  'ford',
  'grove',
  'haven',
  'hill',
  'lane',
  'marsh',
  'moor',
]

/** How many domains an instance with that many remote accounts knows. */
function domainCount(remoteAccounts: number): number {
  return 50 + Math.floor(Math.sqrt(remoteAccounts))
}

/**
 * Every known domain, the largest first. The told ones stand between the sixth and the fourteenth place: large enough
 * to have accounts on an instance of a few hundred.
 */
export function domainsOf(seed: number, remoteAccounts: number): readonly string[] {
  const ordinary = Array.from({ length: domainCount(remoteAccounts) }, (_, index) =>
    ordinaryDomain(seed, index),
  )
  return [...ordinary.slice(0, 5), ...Object.values(TOLD_DOMAINS), ...ordinary.slice(5)]
}

function ordinaryDomain(seed: number, index: number): string {
  const dice = new Dice(seed, subjectOf('domain'), index)
  const name = `${dice.pick(FIRST)}-${dice.pick(SECOND)}-${index}.example`
  return dice.chance(0.3) ? `social.${name}` : name
}

/** The place in the list of an account's domain: few domains have most accounts (Zipf). */
export function domainRank(dice: Dice, domains: number): number {
  return Math.min(domains - 1, Math.floor((domains + 1) ** dice.fraction()) - 1)
}
