/** What a command gets: its words, the configuration, the opened server, and a way to show its result. */
import type { Config } from '../../config/config.ts'
import type { OpenInstance } from '../../core/ports/instance.ts'
import type { Progress } from '../../core/ports/runtime.ts'
import type { DemoEvent, DemoResult } from '../../core/report/demo-story.ts'
import type { ScheduleReader } from '../../core/ports/schedules.ts'
import type { Surroundings } from '../../config/surroundings.ts'
import type { Painter } from './render/paint.ts'

/**
 * A result and its two faces. An async iterable of pages is written as it comes, so a result may be larger than memory;
 * it is read once, for one face.
 */
export interface View {
  /**
   * Members of the JSON answer, in this order, beside `cornac`, `format` and `verb`. JSON only grows: a member never
   * changes its meaning. Big integers are written as strings.
   */
  readonly data: Readonly<Record<string, unknown>>
  /**
   * For people; pieces end with a line break where one belongs. `columns` is the width of the terminal; infinite where
   * there is none, so that whatever reads the text finds each sentence whole.
   */
  text(paint: Painter, columns: number): string | AsyncIterable<string>
  /** Shown with `--quiet` too. */
  readonly needsPerson: boolean
}

/** Runs the demo and tells what happens as it goes. */
export type DemoRunner = (options: {
  readonly accounts: number
  readonly followed: number
  readonly tell: (event: DemoEvent) => void
  readonly progress: Progress
  readonly signal?: AbortSignal | undefined
}) => Promise<DemoResult>

export interface CommandContext<Options extends object = object> {
  readonly options: Options
  /** Words after the verb. */
  readonly words: readonly string[]
  /** More detail was asked for. */
  readonly verbose: boolean
  /** Loaded once; throws `ConfigError`. Connects to nothing. */
  config(): Promise<Config>
  /** Opened once, and closed when the command has ended; throws `ConfigError`, and what cannot be opened when it is used. */
  instance(): Promise<OpenInstance>
  readonly demo: DemoRunner
  /** Reads what runs on a schedule; opened without configuration, needs no closing. */
  schedules(): Promise<ScheduleReader>
  /** The environment a command may go by where it loads no configuration: the language. */
  readonly surroundings: Surroundings
  readonly progress: Progress
  /** Shows the result on stdout; once per command. */
  out(view: View): Promise<void>
  /** Tells something besides the result, on stderr; not with `--quiet`. */
  note(sentence: string): void
  /** Aborted by Ctrl-C and by SIGTERM; pass it on to every call of core. */
  readonly signal: AbortSignal
}
