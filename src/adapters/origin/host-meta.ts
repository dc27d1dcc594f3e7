/** Web host metadata (RFC 6415): where a domain keeps its webfinger, if not in the usual place. Pure. */
import { scanTags } from './scan-tags.ts'

/** The `lrdd` template for webfinger, with `{uri}` in it; null if there is none. */
export function templateIn(xml: string): string | null {
  let found: string | null = null
  scanTags(xml, ['link'], (_name, attributes) => {
    const template = attributes.get('template')
    if (attributes.get('rel') === 'lrdd' && template?.includes('{uri}') === true) found ??= template
  })
  return found
}
