import type { UsageReport } from '../../../core/report/usage.ts'
import { measureUsage } from '../../../core/usage.ts'
import type { Command } from '../command.ts'
import { iso } from '../render/json.ts'
import { describeUsage } from '../render/usage-text.ts'

interface UsageOptions {
  readonly database?: true
  readonly domains?: number
}

const LISTED_DOMAINS = 10

/** What the database believes is stored, beside what storage holds. Changes nothing. */
export const usage: Command<UsageOptions> = {
  name: 'usage',
  description:
    'Sets what the database believes (files named by rows, sizes stated by rows, as tootctl media usage counts) beside what ' +
    'storage really holds: every variant, by kind, local and remote, by domain and age, what belongs to no row, and what a ' +
    'bucket keeps beside the files. Measuring lists all of storage once, at one request per 1,000 files. Changes nothing.',
  options: [
    {
      flags: '--database',
      description: 'ask the database alone, which takes seconds instead of a walk through storage',
    },
    {
      flags: '--domains <count>',
      description: `list that many domains, the largest first (default: ${LISTED_DOMAINS})`,
      read: (text) => (/^\d{1,6}$/.test(text) ? Number(text) : undefined),
      expects: 'a whole number',
    },
    {
      flags: '--concurrency <count>',
      description: 'parts of storage listed side by side (default: 4, or scan.concurrency)',
      setting: 'scan.concurrency',
    },
  ],
  examples: [
    { line: 'cornac usage', meaning: 'everything, measured' },
    { line: 'cornac usage --database', meaning: 'the quick look' },
    { line: 'cornac usage --domains 50 --json', meaning: 'the fifty largest origins, for a script' },
  ],
  exitCodes: [],
  async run(context) {
    const config = await context.config()
    const instance = await context.instance()
    const database = await instance.database()
    const { signal, progress } = context
    const measure =
      context.options.database === true
        ? null
        : {
            records: database,
            objects: await instance.storage(),
            store: await instance.scans(),
            clock: instance.clock,
          }
    const report = await measureUsage(
      database,
      measure,
      {
        instance: instance.name,
        concurrency: config.scan.concurrency,
        domains: context.options.domains ?? LISTED_DOMAINS,
      },
      { signal, progress },
    )
    await context.out({
      data: usageData(report),
      text: (paint) => describeUsage(report, paint),
      needsPerson: false,
    })
    return 'done'
  },
}

function usageData({ leftovers, ...report }: UsageReport): Record<string, unknown> {
  if (leftovers === null) return { ...report, leftovers }
  const { uploads, versions, uncounted } = leftovers
  return {
    ...report,
    leftovers: {
      uploads: uploads === null ? null : { count: uploads.count, oldest: iso(uploads.oldestAtMs) },
      versions:
        versions === null
          ? null
          : { count: versions.count, bytes: versions.bytes, delete_markers: versions.deleteMarkers },
      uncounted,
    },
  }
}
