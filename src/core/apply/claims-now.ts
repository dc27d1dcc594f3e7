/** Which of some objects rows claim at this moment: asked before they are taken, and again after they were moved. */
import { confirm } from '../confirm.ts'
import type { Finding } from '../model/finding.ts'
import { parseKey } from '../model/storage-key.ts'
import type { RecordSource } from '../ports/records.ts'
import type { CallOptions } from '../ports/storage.ts'

/** Keys that a row claims, and keys of no shape that a row could claim: neither may be taken. */
export async function claimedNow(
  records: Pick<RecordSource, 'reread'>,
  keys: readonly string[],
  options: CallOptions,
): Promise<ReadonlySet<string>> {
  const claimed = new Set(keys)
  const { findings } = await confirm(
    records,
    keys.flatMap((key) => {
      const finding = orphan(key)
      return finding === null ? [] : [{ finding, record: null }]
    }),
    options,
  )
  for (const { key } of findings) if (key !== null) claimed.delete(key)
  return claimed
}

function orphan(key: string): Finding | null {
  const parsed = parseKey(key)
  if (parsed === undefined) return null
  const { kind, style } = parsed
  const nothing = {
    id: null,
    remote: true,
    domain: null,
    bytes: null,
    detail: null,
    modifiedAtMs: null,
  } as const
  return { code: 'orphan', kind, key, style, ...nothing }
}
