/** Heal while the world changes or breaks under it: the newer wins, nothing is lost, nothing stays behind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  onDisk,
  heal,
  broken,
  followedPictures,
  fetchable,
  everything,
  breakProfiles,
  findingsOfProfiles,
} from '../heal-stage.ts'
import { needs } from '../needs.ts'

test(
  'a row that changed while its picture was fetched keeps its newer state, and our object is taken back',
  needs('postgres'),
  () =>
    onDisk(async (stage) => {
      await breakProfiles(stage)
      const { ports, sql } = stage
      let turn = 0
      /** Plays Mastodon between the fetch and the switch: a new picture, a suspension, another URL, a deletion. */
      const meddle = async (): Promise<void> => {
        const [victim] = (await fetchable(stage)).slice(turn * 7, turn * 7 + 1)
        turn++
        if (victim === undefined) return
        const deeds = [
          `UPDATE accounts SET avatar_file_name = 'newer.png', header_file_name = 'newer.png' WHERE id = $1`,
          `UPDATE accounts SET suspended_at = now() WHERE id = $1`,
          `UPDATE accounts SET avatar_remote_url = 'http://127.0.0.1:1/new.png', header_remote_url = 'http://127.0.0.1:1/new.png' WHERE id = $1`,
          `DELETE FROM accounts WHERE id = $1`,
        ]
        for (const deed of deeds.slice(turn % 4, (turn % 4) + 1)) await sql(deed, [victim.record.id])
      }
      const everyPicture = await fetchable(stage)
      const result = await heal(stage, {
        images: {
          ...ports.images,
          async make(bytes, recipe, options) {
            if (turn < 12) await meddle()
            return ports.images.make(bytes, recipe, options)
          },
        },
      })
      assert.ok(result.healed >= everyPicture.length - 2 * 12 - result.changed)
      const { rows: newer } = await sql(
        `SELECT count(*)::int AS n FROM accounts WHERE avatar_file_name = 'newer.png'`,
      )
      assert.ok(Number(newer[0]?.['n']) >= 1)
      assert.deepEqual(
        (await findingsOfProfiles(stage)).filter((line) => line.startsWith('orphan')),
        [],
      )
    }),
)

test(
  'every row changes at the last moment: none is healed, none is touched, nothing is left behind',
  needs('postgres'),
  () =>
    onDisk(async (stage) => {
      await breakProfiles(stage)
      const { ports, sql } = stage
      const targets = await fetchable(stage)
      const wanted = await broken(stage)
      const result = await heal(stage, {
        database: {
          ...ports.database,
          async nameFile(change, fence) {
            await sql(`UPDATE accounts SET ${change.seen.kind}_file_name = 'theirs.png' WHERE id = $1`, [
              change.seen.id,
            ])
            return ports.database.nameFile(change, fence)
          },
        },
      })
      assert.equal(result.healed, 0)
      assert.equal(result.changed, wanted)
      for (const { record } of await followedPictures(stage))
        if (targets.some((target) => target.record.id === record.id && target.record.kind === record.kind))
          assert.equal(record.fileName, 'theirs.png')
      assert.deepEqual(
        (await findingsOfProfiles(stage)).filter((line) => line.startsWith('orphan')),
        [],
      )
    }),
)

test(
  'a store that loses what it accepts: the run ends with a sentence and no row names what is not there',
  needs('postgres'),
  () =>
    onDisk(async (stage) => {
      await breakProfiles(stage)
      const before = await everything(stage)
      await assert.rejects(
        heal(stage, { objects: { ...stage.ports.objects, write: async () => {} } }),
        /storage accepted .* but does not have it/,
      )
      assert.deepEqual(await everything(stage), before)
    }),
)

test(
  'a store that fails half-way through a GIF and its static variant: nothing changes, nothing stays',
  needs('postgres'),
  () =>
    onDisk(async (stage) => {
      await breakProfiles(stage)
      const before = await everything(stage)
      const { objects } = stage.ports
      const failing = {
        ...objects,
        async write(key: string, bytes: Uint8Array, contentType: string): Promise<void> {
          if (key.includes('/static/')) throw new Error('no space left')
          await objects.write(key, bytes, contentType)
        },
      }
      await assert.rejects(heal(stage, { objects: failing }), /no space left/)
      const after = await everything(stage)
      for (const line of await findingsOfProfiles(stage)) assert.ok(!/^(orphan|missing)/.test(line), line)
      for (const [key, bytes] of before.objects) assert.equal(after.objects.get(key), bytes)
    }),
)

test('storage that will not say is no reason to fetch: such pictures are left alone', needs('postgres'), () =>
  onDisk(async (stage) => {
    const before = await everything(stage)
    const unsure = {
      ...stage.ports.objects,
      stat: async () => ({ state: 'unknown' as const, reason: 'HTTP 503' }),
    }
    const result = await heal(stage, {
      objects: unsure,
      presence: { ...stage.ports.presence, objects: { ...stage.ports.presence.objects, ...unsure } },
    })
    assert.equal(result.healed, 0)
    assert.ok((result.skipped['storage-uncertain'] ?? 0) > 60)
    assert.deepEqual(await everything(stage), before)
  }),
)

test('an abort finishes the picture in hand and leaves the rest as it was', needs('postgres'), () =>
  onDisk(async (stage) => {
    await breakProfiles(stage)
    const { ports } = stage
    const stop = new AbortController()
    let made = 0
    const images = {
      ...ports.images,
      async make(...[bytes, recipe, options]: Parameters<typeof ports.images.make>) {
        if (++made === 10) stop.abort(new Error('enough'))
        return ports.images.make(bytes, recipe, options)
      },
    }
    const run = heal(stage, { images }, { concurrency: 4 }, stop.signal)
    await assert.rejects(run, /enough/)
    const lines = await findingsOfProfiles(stage)
    assert.deepEqual(
      lines.filter((line) => /^(orphan|missing|mismatched)/.test(line)),
      [],
    )
    assert.ok((await broken(stage)) > 0)
    assert.ok((await heal(stage)).healed > 0, 'the next run goes on')
    assert.equal(await broken(stage), 0)
  }),
)

test('a journal that names local media removes none of it', needs('postgres'), () =>
  onDisk(async (stage) => {
    const { lab, sql } = stage
    await heal(stage)
    const [remote] = await followedPictures(stage)
    const local = [...lab.claims()].filter((claim) => !claim.remote && !claim.key.startsWith('cache/'))
    assert.ok(remote !== undefined && local.length > 5)
    const before = await everything(stage)
    // As an earlier holder of the lease would have left them: of a remote record, and of rows that are no remote ones.
    for (const [kind, id] of [
      ['avatar', remote.record.id],
      ['avatar', lab.firstUser.id],
      ['attachment', '1'],
    ] as const)
      await sql(
        `INSERT INTO cornac.heal_intents (lease, token, kind, record_id, file_name, writes, leftovers)
          VALUES ('heal', 0, $1, $2, 'x.png', $3, $3)`,
        [kind, id, local.map(({ key }) => key)],
      )
    const { recovered } = await heal(stage)
    assert.deepEqual(recovered, { intents: 3, objects: 0, open: 0 })
    assert.deepEqual((await everything(stage)).objects, before.objects)
    assert.equal((await sql('SELECT 1 FROM cornac.heal_intents')).rowCount, 0)
  }),
)

test(
  'without a fence, a lost lease is noticed before the row is switched, and the next heal tidies up',
  needs('postgres'),
  () =>
    onDisk(async (stage) => {
      await breakProfiles(stage)
      const before = await everything(stage)
      const { leases } = stage.ports.state
      const lost = new Error('the lease is another’s')
      const run = heal(stage, {
        state: {
          ...stage.ports.state,
          leases: {
            ...leases,
            async take(...asked) {
              const lease = await leases.take(...asked)
              return {
                ...lease,
                // As where our tables lie in another database, and this process stood still for longer than the term.
                fence: null,
                check: async () => {
                  throw lost
                },
              }
            },
          },
        },
      })
      await assert.rejects(run, lost)
      assert.deepEqual((await everything(stage)).rows, before.rows, 'no row was switched')
      const { recovered } = await heal(stage)
      assert.ok(recovered.intents > 0 && recovered.objects > 0 && recovered.open === 0)
      assert.deepEqual(
        (await findingsOfProfiles(stage)).filter((line) => /^(orphan|missing)/.test(line)),
        [],
      )
    }),
)
