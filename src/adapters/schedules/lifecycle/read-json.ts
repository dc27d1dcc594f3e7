/** Lifecycle rules as `aws s3api put-bucket-lifecycle-configuration` takes them. Read as YAML, of which JSON is a part, for the places. */
import type { LifecycleRule } from '../../../core/model/scheduled.ts'
import type { Found, ReadingContext } from '../reading.ts'
import { asMap, entriesOf, get, itemsOf, openYaml, placeOf, textOf, wordOf } from '../yaml/nodes.ts'

export function readJsonLifecycle(context: ReadingContext): Found {
  const { file } = context
  const [document] = openYaml(context)
  if (document === undefined) return { kind: 'lifecycle' }
  const holder = get(document, 'Rules') === undefined ? get(document, 'LifecycleConfiguration') : document
  const lifecycle = itemsOf(get(holder, 'Rules')).flatMap((rule): LifecycleRule[] => {
    const filter = get(rule, 'Filter')
    const prefixNode = get(rule, 'Prefix') ?? get(filter, 'Prefix') ?? get(get(filter, 'And'), 'Prefix')
    const base = {
      name: textOf(get(rule, 'ID')) ?? '',
      enabled: textOf(get(rule, 'Status')) !== 'Disabled',
      prefix: wordOf(prefixNode, file),
    }
    const expiration = get(rule, 'Expiration')
    const old = get(rule, 'NoncurrentVersionExpiration')
    const unfinished = get(rule, 'AbortIncompleteMultipartUpload')
    const found: LifecycleRule[] = []
    const days = (node: unknown, name: string): number | null => {
      const value = Number(textOf(get(node, name)))
      return Number.isFinite(value) && value > 0 ? value : null
    }
    const removing = get(expiration, 'Days') ?? get(expiration, 'Date')
    if (removing !== undefined)
      found.push({
        ...base,
        removes: 'objects',
        days: days(expiration, 'Days'),
        place: placeOf(removing, file),
      })
    const archive = itemsOf(get(rule, 'Transitions')).concat(asMap(get(rule, 'Transition')) ?? [])
    for (const each of archive) {
      const storage = get(each, 'StorageClass')
      if (/^(GLACIER|DEEP_ARCHIVE)$/.test(textOf(storage) ?? ''))
        found.push({ ...base, removes: 'archives', days: days(each, 'Days'), place: placeOf(storage, file) })
    }
    if (old !== undefined && entriesOf(old).length > 0)
      found.push({
        ...base,
        removes: 'old-versions',
        days: days(old, 'NoncurrentDays'),
        place: placeOf(old, file),
      })
    if (unfinished !== undefined)
      found.push({
        ...base,
        removes: 'unfinished-uploads',
        days: days(unfinished, 'DaysAfterInitiation'),
        place: placeOf(unfinished, file),
      })
    return found
  })
  return { kind: 'lifecycle', lifecycle }
}
