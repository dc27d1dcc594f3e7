/** What an undo has brought back so far. */
import type { UndoResult } from './apply-request.ts'

/** Of this process alone; each file is counted in one place. */
export class UndoBook {
  inPlace = 0
  fromQuarantine = 0
  fromVersion = 0
  healed = 0
  already = 0
  changed = 0
  lost = 0
  unanswered = 0

  result(): Pick<UndoResult, 'restored' | 'healed' | 'already' | 'changed' | 'lost' | 'unanswered'> {
    const { inPlace, fromQuarantine, fromVersion, healed, already, changed, lost, unanswered } = this
    return { restored: { inPlace, fromQuarantine, fromVersion }, healed, already, changed, lost, unanswered }
  }
}
