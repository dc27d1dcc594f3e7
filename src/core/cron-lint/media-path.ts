import type { BetterLine } from './better-lines.ts'
import type { Texts } from './rule.ts'

/** Folders of Mastodon's media below the root of its storage (Paperclip's paths, lib/paperclip and config/initializers/paperclip.rb). */
const CLASSES = 'accounts|media_attachments|custom_emojis|preview_cards|site_uploads|backups|imports'

/** A path or key where Mastodon keeps media: in its public folder, or a cache prefix of a bucket. */
export function mediaPath(text: string): boolean {
  return (
    /(^|\/)public\/system(\/|\*|$)/.test(text) ||
    new RegExp(`(^|/)(cache|system)/(${CLASSES})(/|\\*|$)`).test(text) ||
    /(^|\/)system\/cache(\/|\*|$)/.test(text) ||
    new RegExp(`^(s3|b2|gs)://[^/]+/(.*/)?(cache/?\\*?$|cache/|(${CLASSES})(/|\\*|$))`).test(text) ||
    new RegExp(
      `^[\\w.-]+:[^\\s]*(^|/)(cache/?$|cache/(${CLASSES})|(media_attachments|custom_emojis|preview_cards)(/|$))`,
    ).test(text)
  )
}

/** What lies there, and who would remove it properly: nobody in the case of emoji, which cannot be fetched again. */
export function ofKind(text: string): Texts & { readonly better?: BetterLine } {
  if (text.includes('accounts'))
    return { en: 'avatars and headers', fr: 'des avatars et des bannières', better: 'pruneProfiles' }
  if (text.includes('custom_emojis')) return { en: 'custom emoji', fr: 'des émojis' }
  if (text.includes('preview_cards'))
    return { en: 'images of preview cards', fr: 'des images d’aperçus de liens', better: 'pruneCards' }
  return { en: 'cached media', fr: 'des médias en cache', better: 'pruneMedia' }
}
