/** The one table of Cornac's own lines that lint proposes. A test holds it against the commands there are. */
export const BETTER_LINES = {
  /** Instead of `media remove` with pictures of profiles: what people here follow or touched stays. */
  pruneProfiles: 'cornac prune avatars headers --days 30 --apply --quiet',
  pruneMedia: 'cornac prune attachments --days 30 --apply --quiet',
  pruneCards: 'cornac prune cards --days 30 --apply --quiet',
  orphans: 'cornac orphans --apply --quiet',
  heal: 'cornac heal --followed --quiet',
} as const satisfies Readonly<Record<string, string>>

export type BetterLine = keyof typeof BETTER_LINES
