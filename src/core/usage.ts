/** The verb `usage`: what the columns add up to, and (unless told otherwise) what storage holds, beside its objects as well. */
import { ALL_KINDS } from './model/media.ts'
import type { ReadableStorage } from './ports/instance.ts'
import type { UsageSource } from './ports/records.ts'
import { countLeftovers } from './count-leftovers.ts'
import { reportUsage, type UsageReport } from './report/usage.ts'
import { scan, type RunOptions, type ScanPorts } from './scan.ts'

export interface UsagePorts extends ScanPorts {
  readonly objects: Pick<ReadableStorage, 'list' | 'leftovers' | 'removalTraits'>
}

export interface UsageRequest {
  readonly instance: string
  readonly concurrency: number
  /** How many domains to list. */
  readonly domains: number
}

/** `measure` is null to ask the database alone, which takes seconds instead of a walk through storage. */
export async function measureUsage(
  database: UsageSource,
  measure: UsagePorts | null,
  request: UsageRequest,
  options: RunOptions,
): Promise<UsageReport> {
  const believed = await database.believed(options)
  if (measure === null) return reportUsage(believed, null, null, request.domains)
  const { totals } = await scan(
    measure,
    {
      instance: request.instance,
      kinds: ALL_KINDS,
      minAgeMs: 0,
      concurrency: request.concurrency,
      resume: false,
    },
    options,
  )
  return reportUsage(believed, totals, await countLeftovers(measure.objects, options), request.domains)
}
