/** The ports of an apply and of an undo, opened from one instance: the same for every door. */
import { heal } from '../heal/heal.ts'
import { openHeal } from '../heal/open-heal.ts'
import type { HealRequest } from '../heal/heal.ts'
import type { OpenInstance } from '../ports/instance.ts'
import { silentProgress } from '../ports/runtime.ts'
import type { ApplyPorts } from './apply-ports.ts'
import type { UndoPorts } from './undo.ts'

/** Opens what is not open yet; makes nothing. @throws KnownError for what cannot be opened */
export async function openApply(
  instance: OpenInstance,
): Promise<ApplyPorts & { readonly chance: () => number }> {
  return {
    database: await instance.database(),
    objects: await instance.sparingStorage(),
    state: await instance.state(),
    clock: instance.clock,
    otherWork: instance.otherWork,
    newName: instance.newName,
    chance: instance.chance,
  }
}

/** Kinds that an undo may have to ask origins for. */
const KINDS_HEALED = ['avatar', 'header', 'attachment', 'card'] as const

/** @param settings how polite the asking of origins is: as for `heal` */
export async function openUndo(
  instance: OpenInstance,
  settings: Pick<HealRequest, 'limitedFederation' | 'useLibvips' | 'timeoutMs' | 'concurrency' | 'perHost'>,
): Promise<UndoPorts> {
  return {
    ...(await openApply(instance)),
    async heal(records, options) {
      const ports = await openHeal(instance, 'native', KINDS_HEALED)
      const request: HealRequest = {
        ...settings,
        instance: instance.name,
        choice: { by: 'records', records },
        kinds: KINDS_HEALED,
        care: 'now',
        budget: { limit: null, maxDurationMs: null, maxBytes: null },
      }
      return heal(ports, request, { ...options, progress: silentProgress })
    },
  }
}
