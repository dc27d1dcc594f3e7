import type { ScheduleDocument } from '../model/scheduled.ts'

/** The text of these lines (from 1, both included) without the last line break. */
export function linesBetween({ text, lineStarts }: ScheduleDocument, first: number, last: number): string {
  const start = lineStarts[first - 1] ?? text.length
  const end = lineStarts[last] ?? text.length + 1
  const lines = text.slice(start, Math.max(start, end - 1))
  return lines.endsWith('\r') ? lines.slice(0, -1) : lines
}
