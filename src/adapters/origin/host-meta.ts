/** Web host metadata (RFC 6415): where a domain keeps its webfinger, if not in the usual place. Pure. */
import { Parser } from 'htmlparser2'

/** The `lrdd` template for webfinger, with `{uri}` in it; null if there is none. */
export function templateIn(xml: string): string | null {
  let found: string | null = null
  const parser = new Parser(
    {
      onopentag(name, { rel, template }) {
        if (found === null && name === 'Link' && rel === 'lrdd' && template?.includes('{uri}') === true)
          found = template
      },
    },
    { xmlMode: true },
  )
  parser.end(xml)
  return found
}
