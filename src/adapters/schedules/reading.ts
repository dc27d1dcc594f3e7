import type {
  LifecycleRule,
  ScheduleDocument,
  SettingInFile,
  Task,
  Unread,
} from '../../core/model/scheduled.ts'
import type { FindScript } from './shell/walk.ts'
import type { SourceFile } from './text/source-file.ts'

/** What every reader of a kind of file gets. */
export interface ReadingContext {
  readonly file: SourceFile
  readonly nowMs: number
  readonly findScript: FindScript
  /** Notes that something of this file was not looked at. */
  readonly unread: (reason: Unread['reason'], detail: string | null) => void
}

/** What a reader finds. */
export interface Found {
  readonly kind: ScheduleDocument['kind']
  readonly tasks?: readonly Task[]
  readonly lifecycle?: readonly LifecycleRule[]
  readonly settings?: readonly SettingInFile[]
  readonly version?: string | null
}
