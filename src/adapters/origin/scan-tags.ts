/**
 * The opening tags of a document from elsewhere, one after the other, without a tree.
 *
 * Only the tokenizer: the parser above it keeps a stack of open elements, and one megabyte of `<b>` and `</i>` keeps that busy
 * for half a minute.
 */
import { Tokenizer } from 'htmlparser2'

/** By lower-case name; of a name given twice the first counts, as in browsers. */
export type Attributes = ReadonlyMap<string, string>

/** More than any tag of interest has. */
const MAX_ATTRIBUTES = 50

/** Calls back for each tag with one of the names (lower case), in order. Takes HTML and XML, and never throws for either. */
export function scanTags(
  text: string,
  names: readonly string[],
  onTag: (name: string, attributes: Attributes) => void,
): void {
  let tag: { readonly name: string; readonly attributes: Map<string, string> } | null = null
  let [name, value] = ['', '']
  const close = (): void => {
    if (tag !== null) onTag(tag.name, tag.attributes)
    tag = null
  }
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      onopentagname(start, end) {
        const found = text.slice(start, end).toLowerCase()
        tag = names.includes(found) ? { name: found, attributes: new Map() } : null
      },
      onattribname(start, end) {
        ;[name, value] = [text.slice(start, end).toLowerCase(), '']
      },
      onattribdata(start, end) {
        if (tag !== null) value += text.slice(start, end)
      },
      onattribentity(codePoint) {
        if (tag !== null) value += String.fromCodePoint(codePoint)
      },
      onattribend() {
        if (tag !== null && tag.attributes.size < MAX_ATTRIBUTES && !tag.attributes.has(name))
          tag.attributes.set(name, value)
      },
      onopentagend: close,
      onselfclosingtag: close,
      ...SILENT,
    },
  )
  tokenizer.write(text)
  tokenizer.end()
}

const nothing = (): void => {}
const SILENT = {
  oncdata: nothing,
  onclosetag: nothing,
  oncomment: nothing,
  ondeclaration: nothing,
  onend: nothing,
  onprocessinginstruction: nothing,
  ontext: nothing,
  ontextentity: nothing,
}
