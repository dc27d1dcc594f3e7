/** An error for people and for scripts, decided once: known ones are sentences, all others are defects with a stack. */
import { inspect } from 'node:util'
import { ConfigError } from '../../../config/problem.ts'
import { maskUrls } from '../../../config/secret.ts'
import { KnownError, type ErrorCategory } from '../../../core/errors.ts'
import type { ExitName } from '../exit-codes.ts'
import type { Painter } from './paint.ts'

export interface RenderedError {
  readonly exit: ExitName
  /** For stderr; ends with a line break. */
  readonly text: string
  /** The member `error` of the JSON answer. */
  readonly data: Readonly<Record<string, unknown>>
  /** A stack was printed: with JSON, too, it belongs on stderr. */
  readonly defect: boolean
}

const REPORT = 'This is a defect in Cornac. Please report it with the lines above, where you got Cornac from'

export function renderError(error: unknown, paint: Painter, verbose: boolean): RenderedError {
  if (error instanceof ConfigError) return { ...known(error, verbose), text: configText(error, paint) }
  if (error instanceof KnownError) return known(error, verbose)
  const stack = maskUrls(error instanceof Error ? inspect(error) : `Thrown: ${inspect(error)}`)
  return {
    exit: 'failed',
    text: `${stack}\n\ncornac: ${REPORT}.\n`,
    data: { code: 'defect', message: firstLine(stack), remedy: REPORT },
    defect: true,
  }
}

const EXITS: Readonly<Record<ErrorCategory, ExitName>> = {
  usage: 'usage',
  failure: 'failed',
  leased: 'leased',
  capped: 'capped',
}

function known(error: KnownError, verbose: boolean): RenderedError {
  const causes = verbose ? causesOf(error) : []
  return {
    exit: EXITS[error.category],
    text: maskUrls(
      `cornac: ${error.what}. ${error.remedy}.\n${causes.map((cause) => `  because: ${cause}\n`).join('')}`,
    ),
    data: {
      code: error.code,
      message: maskUrls(error.what),
      remedy: maskUrls(error.remedy),
      problems: error instanceof ConfigError ? error.problems : undefined,
      causes: causes.length > 0 ? causes : undefined,
    },
    defect: false,
  }
}

function configText(error: ConfigError, paint: Painter): string {
  const { problems } = error
  if (problems.length === 1) return `cornac: ${error.message}\n`
  const lines = problems.map(
    ({ place, what, remedy }) => `  ${paint.bold(place)}\n    ${what}.\n    ${paint.dim(`${remedy}.`)}\n`,
  )
  return `cornac: ${error.what}:\n${lines.join('')}`
}

/** The chain of causes, each in one line; drivers put details there that help somebody who asked for them. */
function causesOf(error: Error): readonly string[] {
  const found: string[] = []
  for (let cause = error.cause; cause instanceof Error && found.length < 5; cause = cause.cause) {
    const code = (cause as NodeJS.ErrnoException).code
    found.push(maskUrls(firstLine(code === undefined ? cause.message : `${cause.message} (${code})`)))
  }
  return found
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
