/** Somebody dies while cornac works: cornac itself, its database, or its store; or a person presses Ctrl-C. */
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import type { Dice } from '../../lab/instance/dice.ts'
import { AT_WORK } from './open-small.ts'
import { startCornac, type CornacOptions, type CornacProgram, type CornacRun } from '../run-cornac.ts'

export type Disaster = 'kill' | 'database' | 'store' | 'interrupt'

/** What can crash besides cornac. */
export interface Victims {
  /** Dies and comes back. */
  readonly crashDatabase?: (() => Promise<void>) | undefined
  readonly crashStore?: (() => Promise<void>) | undefined
}

export interface Struck {
  readonly run: CornacRun
  /** Null if the run came to its end before. */
  readonly disaster: Disaster | null
  /** From the moment it was at work to its end; null if it never was. */
  readonly workedMs: number | null
}

/** When to strike, in milliseconds: after the start, or after the lease was taken. */
export interface Moment {
  readonly from: 'start' | 'work'
  readonly afterMs: number
}

/**
 * Most moments lie within the work, the early ones more often, so that a run dies several times before it comes to its end;
 * some lie in what comes before.
 */
export function pickMoment(dice: Dice, workMs: number): Moment {
  if (dice.chance(0.1)) return { from: 'start', afterMs: dice.fraction() * (START_MS + workMs) }
  return { from: 'work', afterMs: dice.fraction() * (dice.chance(0.5) ? 0.5 : 1.1) * workMs }
}

const START_MS = 500

/** For messages: what happened, and when. */
export function whenTold(moment: Moment | null, { disaster }: Struck): string {
  if (moment === null || disaster === null) return 'undisturbed'
  return `${disaster} ${Math.round(moment.afterMs)} ms after ${moment.from === 'start' ? 'the start' : 'work began'}`
}

/** `cornac` as the program is, and with small batches. */
export const SMALL_BATCHES: CornacProgram = {
  node: process.execPath,
  script: join(import.meta.dirname, 'small-batches.ts'),
}

/** Mostly kills: nothing is as sudden. */
export function pickDisaster(dice: Dice, { crashDatabase, crashStore }: Victims): Disaster {
  const roll = dice.fraction()
  if (roll < 0.15 && crashDatabase !== undefined) return 'database'
  if (roll < 0.3 && crashStore !== undefined) return 'store'
  return roll > 0.94 ? 'interrupt' : 'kill'
}

/** Runs `cornac <argv>`; strikes at that moment if it has not ended by then, and waits for the end. */
export async function strike(
  argv: readonly string[],
  options: CornacOptions,
  {
    moment,
    disaster,
    victims,
  }: {
    /** Null leaves it in peace. */
    readonly moment: Moment | null
    readonly disaster: Disaster
    readonly victims: Victims
  },
): Promise<Struck> {
  const running = await startCornac(argv, options)
  let workingSince: number | null = null
  const atWork = new Promise<void>((resolve) => {
    running.process.stderr?.on('data', () => {
      if (workingSince !== null || !running.stderr().includes(AT_WORK)) return
      workingSince = performance.now()
      resolve()
    })
  })
  const timer = new AbortController()
  const due = async (): Promise<void> => {
    if (moment === null) return running.ended.then(() => {})
    if (moment.from === 'work') await atWork
    await sleep(moment.afterMs, undefined, { signal: timer.signal }).catch(() => {})
  }
  const end = await Promise.race([running.ended, due()])
  timer.abort()
  const struck = async (what: Disaster | null): Promise<Struck> => {
    const run = await running.ended
    return { run, disaster: what, workedMs: workingSince === null ? null : performance.now() - workingSince }
  }
  if (end !== undefined || moment === null) return struck(null)
  switch (disaster) {
    case 'kill':
      running.process.kill('SIGKILL')
      break
    case 'interrupt':
      running.process.kill('SIGINT')
      break
    case 'database':
      await victims.crashDatabase?.()
      break
    case 'store':
      await victims.crashStore?.()
      break
  }
  return struck(disaster)
}
