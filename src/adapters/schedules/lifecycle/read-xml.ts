/** Lifecycle rules as S3's own API has them (PutBucketLifecycleConfiguration). Read as events: depth costs nothing. */
import { Parser } from 'htmlparser2'
import type { LifecycleRule, Place, Word } from '../../../core/model/scheduled.ts'
import type { Found, ReadingContext } from '../reading.ts'

interface Draft {
  name: string
  enabled: boolean
  prefix: Word | null
  found: Pick<LifecycleRule, 'removes' | 'days' | 'place'>[]
}

const DEEPEST = 32
const MOST_OPEN = 1_000

export function readXmlLifecycle({ file, unread }: ReadingContext): Found {
  if (isTooMuch(file.text)) {
    unread('too-deep', null)
    return { kind: 'lifecycle' }
  }
  const lifecycle: LifecycleRule[] = []
  const open: string[] = []
  let depth = 0
  let text = ''
  let textStart = 0
  let draft: Draft | null = null
  let days: number | null = null
  const parser: Parser = new Parser(
    {
      onopentag(name) {
        depth++
        if (depth <= DEEPEST) open.push(name)
        text = ''
        textStart = parser.endIndex + 1
        if (name === 'Rule') draft = { name: '', enabled: true, prefix: null, found: [] }
        if (
          [
            'Expiration',
            'NoncurrentVersionExpiration',
            'AbortIncompleteMultipartUpload',
            'Transition',
          ].includes(name)
        )
          days = null
      },
      ontext(piece) {
        if (text.length < 4_096) text += piece
      },
      onclosetag(name) {
        if (depth <= DEEPEST) open.pop()
        depth--
        if (draft === null) return
        const value = text.trim()
        const start = textStart + Math.max(0, text.indexOf(value))
        const place: Place = file.place(start, start + value.length)
        take(draft, name, value, place)
        text = ''
      },
    },
    { xmlMode: true },
  )
  parser.write(file.text)
  parser.end()
  return { kind: 'lifecycle', lifecycle }

  function take(rule: Draft, name: string, value: string, place: Place): void {
    const parent = open.at(-1)
    switch (name) {
      case 'ID':
        rule.name = value
        return
      case 'Status':
        rule.enabled = value !== 'Disabled'
        return
      case 'Prefix':
        rule.prefix = value === '' ? null : { text: value, place, exact: true, unknown: false }
        return
      case 'Days':
      case 'NoncurrentDays':
      case 'DaysAfterInitiation':
        days = Number(value) > 0 ? Number(value) : null
        if (parent === 'Expiration') rule.found.push({ removes: 'objects', days, place })
        else if (parent === 'NoncurrentVersionExpiration')
          rule.found.push({ removes: 'old-versions', days, place })
        else if (parent === 'AbortIncompleteMultipartUpload')
          rule.found.push({ removes: 'unfinished-uploads', days, place })
        return
      case 'Date':
        if (parent === 'Expiration') rule.found.push({ removes: 'objects', days: null, place })
        return
      case 'StorageClass':
        if (/^(GLACIER|DEEP_ARCHIVE)$/.test(value)) rule.found.push({ removes: 'archives', days, place })
        return
      case 'Rule':
        for (const found of rule.found)
          lifecycle.push({ name: rule.name, enabled: rule.enabled, prefix: rule.prefix, ...found })
        draft = null
        return
      default:
    }
  }
}

/** More open elements than any configuration has: the parser's time grows with their square. */
function isTooMuch(text: string): boolean {
  let open = 0
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', at + 1)) {
    const next = text[at + 1]
    if (next === '/') open--
    else if (next !== '!' && next !== '?') {
      const end = text.indexOf('>', at)
      if (end === -1 || text[end - 1] !== '/') open++
    }
    if (open > MOST_OPEN) return true
  }
  return false
}
