/** The read model of `demo`: what happens, step by step, and the numbers at the end. */
import type { HealResult } from '../heal/heal.ts'
import type { FindingLine } from './findings.ts'

/** What a person is told while the demo runs. */
export type DemoEvent =
  | { readonly step: 'starting' }
  | { readonly step: 'built'; readonly accounts: number; readonly files: number; readonly bytes: number }
  | {
      readonly step: 'scanned'
      readonly when: 'before' | 'after'
      readonly findings: readonly FindingLine[]
      readonly objects: number
      readonly seconds: number
    }
  | { readonly step: 'trapped'; readonly files: number; readonly bytes: number; readonly deleted: number }
  | { readonly step: 'damage'; readonly user: string; readonly followed: number; readonly broken: number }
  | { readonly step: 'healed'; readonly user: string; readonly result: HealResult }
  | { readonly step: 'proved'; readonly broken: number; readonly hopeless: number }

/** The numbers of `demo --json`. Pictures are counted, two for each followed account. */
export interface DemoResult {
  readonly accounts: number
  readonly followed: number
  readonly broken_before: number
  readonly healed: number
  /** Their origins have nothing to give. */
  readonly hopeless: number
  readonly broken_after: number
  readonly seconds: number
}
