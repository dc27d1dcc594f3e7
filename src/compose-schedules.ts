/** The reader of schedules, apart from compose.ts: lint answers at once, without a driver of any server. */
import { openScheduleReader } from './adapters/schedules/open-schedules.ts'
import { systemClock } from './adapters/system/clock.ts'
import type { ScheduleReader } from './core/ports/schedules.ts'

export function openSchedules(input: AsyncIterable<Uint8Array>): ScheduleReader {
  return openScheduleReader({ input, now: () => systemClock.now() })
}
