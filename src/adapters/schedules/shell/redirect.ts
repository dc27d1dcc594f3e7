import type { Redirection } from 'unbash'
import type { OutputFate } from '../../../core/model/scheduled.ts'
import type { MappedText } from '../text/mapped-text.ts'
import { expand } from './expand.ts'
import type { Scope } from './scope.ts'

/** Where output and errors go from here on, and the places where one of them is lost. In order, as in the shell: `2>&1 >x` is not `>x 2>&1`. */
export function redirect(redirects: readonly Redirection[], text: MappedText, scope: Scope): void {
  for (const each of redirects) {
    if (each.type !== 'Redirect' || each.target === undefined) continue
    const target = expand(each.target, text, scope)[0]?.text ?? ''
    const descriptor = each.descriptor?.type === 'FileDescriptor' ? each.descriptor.value : null
    const fate: OutputFate = target === '/dev/null' || target === '-' ? 'lost' : 'kept'
    const place = text.place(each.pos, each.end)
    switch (each.operator) {
      case '>&':
        if (target === '1' || target === '2') {
          const copied = target === '1' ? scope.output : scope.errors
          if (descriptor === 2) scope.errors = copied
          else scope.output = copied
          if (copied === 'lost') scope.losses = [...scope.losses, place]
          continue
        }
        scope.output = fate
        scope.errors = fate
        break
      case '&>':
      case '&>>':
        scope.output = fate
        scope.errors = fate
        break
      case '>':
      case '>>':
      case '>|':
        if (descriptor === 2) scope.errors = fate
        else if (descriptor === null || descriptor === 1) scope.output = fate
        else continue
        break
      default:
        continue
    }
    if (fate === 'lost') scope.losses = [...scope.losses, place]
  }
}

/** What a here-document hands to the command. */
export function inputOf(redirects: readonly Redirection[], text: MappedText): MappedText | null {
  for (const each of redirects) if (each.type === 'HereDoc') return text.slice(each.body.pos, each.body.end)
  return null
}
