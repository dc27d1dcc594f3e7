/**
 * Orphans that come to life: rows begin to name them between the plan and its apply, and while it is at work. What a row names
 * while it is where the row says stays there, with the bytes that were written last.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Dice } from '../../lab/instance/dice.ts'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { DAY_MS } from '../../lab/instance/world.ts'
import { runCornac, startCornac } from '../run-cornac.ts'
import { avatarKey, BusyMastodon } from './busy-mastodon.ts'
import { SMALL_BATCHES } from './disaster.ts'
import { openBatchesIn } from './journal.ts'
import { AT_WORK } from './open-small.ts'
import { faultStage } from './stage.ts'
import { hashLocalMedia, truthOf, without } from './truth.ts'

export interface OrphanRaceOptions {
  readonly media: MediaSink
  /** Rows that begin to name an orphan, at least. */
  readonly changes: number
  readonly seed: number
  readonly accounts?: number | undefined
}

export interface OrphanRaceReport {
  readonly rounds: number
  /** Claimed between plan and apply, and while it was at work. */
  readonly before: number
  readonly meanwhile: number
  /** Claimed too late: the orphan was in quarantine by then, and Mastodon would have found no file. */
  readonly late: number
  /** Orphans that nobody claimed, and that went. */
  readonly gone: number
}

interface Orphan {
  readonly id: string
  readonly fileName: string
  readonly key: string
  bytes: Uint8Array
}

interface Answer {
  readonly run: { readonly refused: number }
  readonly recovered: { readonly open: number }
  readonly verified: { readonly still_there: readonly string[] }
}

const GUARDS = ['--during-vacuum', '--beside-tootctl', '--allow-share', 'avatars=100', '--json']

/** @throws AssertionError if anything that a row names was lost */
export async function raceOrphans(options: OrphanRaceOptions): Promise<OrphanRaceReport> {
  const { media, seed } = options
  const dice = new Dice(seed, 6, 0)
  await using stage = await faultStage({ media, accounts: options.accounts ?? 160, attachments: 40 })
  const { lab, env, home } = stage
  const client = await stage.database()
  const mastodon = await BusyMastodon.open(lab, client, dice)
  const cornac = { env, home, timeoutMs: 120_000, program: SMALL_BATCHES }
  // A bucket copies and then removes: what is written anew under the old key between the two is lost, and nothing a store
  // offers prevents it. Mastodon gives each file a new name, so it takes a name twice only where a person makes it do so.
  const movesAtOnce = lab.env['S3_ENABLED'] !== 'true'
  const local = await hashLocalMedia(lab)
  const known = await truthOf(lab)
  const report = { rounds: 0, before: 0, meanwhile: 0, late: 0, gone: 0 }

  while (report.before + report.meanwhile + report.late < options.changes || report.rounds < 2) {
    const round = report.rounds++
    // Without quarantine there is a moment between the question and the removal; only what comes before is safe.
    const quarantine = round % 4 !== 3
    const how = [
      'orphans',
      quarantine ? '--quarantine' : '--no-quarantine',
      ...(quarantine ? ['7'] : []),
      '--min-age',
      '0s',
    ]
    const orphans = await leave(mastodon, dice)
    const plan = async (): Promise<void> => {
      const run = await runCornac([...how, '--json'], cornac)
      assert.equal(run.code, 0, run.stderr + run.stdout)
    }
    await plan()
    await client.query(
      `UPDATE cornac.orphan_sightings SET first_scan = 'a day before', first_scan_at = first_scan_at - interval '25 hours'`,
    )
    await plan()

    const claimed = new Map<string, Orphan>()
    const waiting = [...orphans]
    const next = (): Orphan | undefined => waiting.splice(dice.below(waiting.length), 1)[0]
    const share = Math.floor(orphans.length * 0.2)
    for (let i = 0; i < share; i++) {
      const orphan = next() as Orphan
      await claim(mastodon, orphan, dice.chance(0.3) ? dice : null)
      claimed.set(orphan.key, orphan)
      report.before++
    }
    const applying = await startCornac(['apply', 'last', ...GUARDS], cornac)
    let over = false
    const ended = applying.ended.finally(() => (over = true))
    ended.catch(() => {})
    // Until there is work to meet, every claim would be one more that came before.
    while (!over && !applying.stderr().includes(AT_WORK)) await sleep(2)
    while (!over && quarantine && waiting.length > share) {
      const orphan = next() as Orphan
      await claim(mastodon, orphan, movesAtOnce && dice.chance(0.3) ? dice : null)
      if ((await media.get(orphan.key)) !== null) {
        claimed.set(orphan.key, orphan)
        report.meanwhile++
      } else {
        await mastodon.clear(orphan.id)
        report.late++
      }
      await sleep(dice.below(6))
    }
    const run = await ended
    const where = `seed ${seed}, round ${round}, ${quarantine ? 'quarantine' : 'at once'}`
    const told = `${where}: ${run.code} ${run.stderr}${run.stdout.slice(0, 2_000)}`
    // What Mastodon wrote anew after it had gone looks to the last check as if it had stayed.
    assert.ok(run.code === 0 || (quarantine && run.code === 6), told)
    const answer = JSON.parse(run.stdout) as Answer
    assert.equal(answer.run.refused + answer.recovered.open, 0, told)
    for (const key of answer.verified.still_there)
      assert.ok(claimed.has(key), `${key} is still there: ${told}`)

    for (const { id, key, bytes } of claimed.values()) {
      const stored = await media.get(key)
      assert.ok(stored !== null, `${where}: account ${id} names ${key}, and it is gone`)
      assert.ok(
        Buffer.from(stored).equals(bytes),
        `${where}: account ${id} has other bytes than were written last`,
      )
    }
    const now = await truthOf(lab)
    assert.deepEqual(without(now.dangling, known.dangling), [], `${where}: rows that name nothing there`)
    const left = waiting.filter(({ key }) => now.objects.has(key))
    assert.deepEqual(left, [], `${where}: orphans that nobody claimed are there still`)
    assert.deepEqual(await openBatchesIn(client), [], `${where}: the journal has open batches`)
    report.gone += waiting.length
    await tidy(mastodon, claimed.values())
  }
  assert.equal(await hashLocalMedia(lab), local, `seed ${seed}: local media was touched`)
  return report
}

/** One in the folder of each account. */
async function leave(mastodon: BusyMastodon, dice: Dice): Promise<Orphan[]> {
  const orphans: Orphan[] = []
  for (const id of mastodon.ids) {
    const { fileName, bytes } = await mastodon.put(id, Date.now() - (2 + dice.below(20)) * DAY_MS)
    orphans.push({ id, fileName, bytes, key: avatarKey(id, fileName) })
  }
  return orphans
}

/** The row names it. @param anew Mastodon has written it anew before that, as it does when it makes pictures again */
async function claim(mastodon: BusyMastodon, orphan: Orphan, anew: Dice | null): Promise<void> {
  if (anew !== null) {
    orphan.bytes = Buffer.concat([orphan.bytes, Buffer.from([anew.below(256)])])
    await mastodon.lab.media.put(orphan.key, orphan.bytes, 'image/png')
  }
  await mastodon.claim(orphan.id, orphan.fileName, orphan.bytes.length)
}

/** Nothing is left of what was claimed: the next round leaves others. */
async function tidy(mastodon: BusyMastodon, claimed: Iterable<Orphan>): Promise<void> {
  for (const { id } of claimed) await mastodon.clear(id)
  const quarantined: string[] = []
  for await (const { key } of mastodon.lab.media.list('cornac/quarantine/')) quarantined.push(key)
  await mastodon.lab.media.remove(quarantined)
}
