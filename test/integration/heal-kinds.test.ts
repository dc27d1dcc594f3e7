/** Every kind of media brought back as Mastodon keeps it, on the oldest and the newest version it is kept in. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import sharp from 'sharp'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import type { PictureExtension, PictureKind } from '../../lab/fediverse/pictures.ts'
import { usualExtension } from '../../lab/fediverse/pictures.ts'
import type { HealTarget } from '../../src/core/model/heal-target.ts'
import { KINDS, type Kind } from '../../src/core/model/media.ts'
import { claimedKeys } from '../../src/core/model/storage-key.ts'
import { assertWhole, forgetVisits, pictureOf, visited } from '../heal-cast.ts'
import {
  changedColumns,
  columnsOf,
  filesUnder,
  findingsOn,
  healRecords,
  lose,
  named,
  Stock,
} from '../heal-records.ts'
import { fediverse, heal, onStage, stageOfFile, type Stage } from '../heal-stage.ts'
import { needs } from '../needs.ts'
import { redisPlace, type RedisPlace } from '../redis-settings.ts'
import { freshName, sharedRgw } from '../shared-servers.ts'

const MANY = { attachments: 200, emoji: 40, cards: 40 }
const NOW = { care: 'now' } as const
const LOCAL = ['accounts/', 'media_attachments/', 'custom_emojis/', 'site_uploads/', 'backups/']

const withType =
  (type: string) =>
  (target: HealTarget): boolean =>
    named(target) && target.record.contentType === type
const jpeg = withType('image/jpeg')
const inCache = (target: HealTarget): boolean => target.record.storageVersion === 1
const plainJpeg = (target: HealTarget): boolean => jpeg(target) && inCache(target)

let serial = 0
/** An address of its own at the lab's origins. */
function address(which: PictureKind, extension: PictureExtension): string {
  return fediverse.urlFor({ username: `thing${++serial}`, host: serial % 4, which, extension })
}

/** The same, of a picture that is small enough to be shown in lists as it is. */
async function smallAddress(): Promise<string> {
  for (;;) {
    const url = address('avatar', 'png')
    const { width, height } = await pixelsOf(Buffer.from(await (await fetch(url)).arrayBuffer()))
    if (width * height <= 230_400) return url
  }
}

const URL_COLUMNS: Partial<Record<Kind, string>> = {
  avatar: 'avatar_remote_url',
  header: 'header_remote_url',
  attachment: 'remote_url',
  thumbnail: 'thumbnail_remote_url',
  emoji: 'image_remote_url',
}

/** The record as it is after its row was given another address. */
async function readdress(stage: Stage, { record }: HealTarget, url: string): Promise<HealTarget> {
  await stage.sql(`UPDATE ${KINDS[record.kind].table} SET ${URL_COLUMNS[record.kind]} = $1 WHERE id = $2`, [
    url,
    record.id,
  ])
  return pictureOf(stage, record.kind, record.id)
}

/** Clears the row as Mastodon's vacuum does. */
async function vacuum(stage: Stage, target: HealTarget): Promise<HealTarget> {
  await lose(stage, target)
  await stage.ports.database.clearFile(target.record, null)
  return pictureOf(stage, target.record.kind, target.record.id)
}

async function fileOf({ lab }: Stage, { record }: HealTarget, style: string): Promise<Buffer> {
  const claim = claimedKeys(record).find((one) => one.style === style)
  assert.ok(claim, `${record.kind} ${record.id} claims no ${style}`)
  const bytes = await lab.media.get(claim.key)
  assert.ok(bytes, claim.key)
  return Buffer.from(bytes)
}

function originalKey({ record }: HealTarget): string {
  const claim = claimedKeys(record).find(({ style }) => style === 'original')
  assert.ok(claim)
  return claim.key
}

async function pixelsOf(bytes: Buffer): Promise<{ width: number; height: number; format: string }> {
  const { width, height, format } = await sharp(bytes).metadata()
  return { width, height, format }
}

function clearedColumns(prefix: string): string[] {
  return ['content_type', 'file_name', 'file_size', 'updated_at'].map((name) => `${prefix}_${name}`)
}

for (const version of ['4.3', '4.6'] as const)
  describe(`on Mastodon ${version}`, needs('postgres', 'redis'), () => {
    const namespace = version === '4.3' ? 'social' : undefined
    let place: RedisPlace
    const file = stageOfFile(async () => {
      place = await redisPlace(namespace === undefined ? {} : { namespace })
      const env = namespace === undefined ? place.env : { ...place.env, REDIS_NAMESPACE: namespace }
      return { ...MANY, version, env }
    })
    const stock = new Stock()
    let stage: Stage
    let local: string[]
    before(async () => {
      stage = file.stage
      local = await localFiles()
    })
    after(() => place[Symbol.dispose]())
    beforeEach(() => {
      fediverse.clearVice()
      forgetVisits()
    })

    /** What of the unprefixed folders belongs to local rows. */
    async function localFiles(): Promise<string[]> {
      const remote = new Set<string>()
      for (const { key, remote: isRemote } of await claimsOutsideCache()) if (isRemote) remote.add(key)
      return (await filesUnder(stage, ...LOCAL)).filter((line) => !remote.has(line.split(' ')[0] ?? ''))
    }
    async function claimsOutsideCache(): Promise<{ key: string; remote: boolean }[]> {
      const claims: { key: string; remote: boolean }[] = []
      for (const claim of stage.lab.claims())
        if (!claim.key.startsWith('cache/')) claims.push({ key: claim.key, remote: claim.remote === true })
      return claims
    }

    test('lost attachments are cleared without a request: name, type, size and time, and nothing else', async () => {
      const [image] = (await stock.take(stage, 'attachment', 1, plainJpeg)) as [HealTarget]
      const [video] = (await stock.take(stage, 'attachment', 1, withType('video/mp4'))) as [HealTarget]
      const [sound] = (await stock.take(stage, 'attachment', 1, withType('audio/mpeg'))) as [HealTarget]
      const lost = [image, video, sound]
      const left = [...(await lose(stage, image, ['original'])), ...(await lose(stage, video))]
      await lose(stage, sound)
      const rows = await Promise.all(lost.map(({ record }) => columnsOf(stage, record)))
      assert.equal(left.length, 1)
      const result = await healRecords(stage, lost)
      assert.deepEqual([result.cleared, result.healed, result.failed], [3, 0, {}])
      for (const [i, { record }] of lost.entries()) {
        const row = await columnsOf(stage, record)
        assert.deepEqual(changedColumns(rows[i]!, row), clearedColumns('file'))
        for (const column of clearedColumns('file')) assert.equal(row[column], null)
      }
      for (const key of left) assert.equal(await stage.lab.media.get(key), null, `${key} is left over`)
      assert.equal(visited().size, 0)
      assert.deepEqual(await findingsOn(stage, []), [])
      assert.equal((await healRecords(stage, lost)).fine, 3, 'Mastodon fetches them on the first look')
    })

    test('with --now a large image is fetched: original, small, meta and blurhash as Mastodon makes them', async () => {
      const url = address('header', 'jpg')
      const [target] = (await stock.take(stage, 'attachment', 1, plainJpeg)) as [HealTarget]
      await readdress(stage, target, url)
      const seen = '{"focus":{"x":0.25,"y":-0.5},"colors":{"accent":"#aabbcc"},"original":{"width":1}}'
      await stage.sql('UPDATE media_attachments SET file_meta = $1, blurhash = NULL WHERE id = $2', [
        seen,
        target.record.id,
      ])
      const left = await lose(stage, target, ['original'])
      const before = await columnsOf(stage, target.record)
      const result = await healRecords(stage, [target], {}, NOW)
      assert.deepEqual(
        [result.healed, result.from, result.kinds],
        [1, { 'stored-url': 1 }, { attachments: 1 }],
      )
      const healed = await pictureOf(stage, 'attachment', target.record.id)
      const row = await columnsOf(stage, target.record)
      assert.deepEqual(changedColumns(before, row), [
        'blurhash',
        'file_file_name',
        'file_file_size',
        'file_meta',
        'file_updated_at',
        'updated_at',
      ])
      const original = await fileOf(stage, healed, 'original')
      const small = await fileOf(stage, healed, 'small')
      const [whole, less] = [await pixelsOf(original), await pixelsOf(small)]
      assert.deepEqual([whole.format, less.format], ['jpeg', 'jpeg'])
      assert.ok(whole.width * whole.height > 500_000, 'the origin had a large one')
      assert.ok(less.width * less.height <= 230_400 && less.width * less.height > 200_000)
      const told = ({ width, height }: typeof whole): object => ({
        width,
        height,
        size: `${width}x${height}`,
        aspect: width / height,
      })
      assert.deepEqual(row['file_meta'], {
        focus: { x: 0.25, y: -0.5 },
        colors: { accent: '#aabbcc' },
        original: told(whole),
        small: told(less),
      })
      // 4 x 4 components: two digits of head, four of the mean, two for each other component.
      assert.match(String(row['blurhash']), /^U.{35}$/)
      assert.deepEqual([row['file_content_type'], row['file_file_size']], ['image/jpeg', original.length])
      for (const key of left) assert.equal(await stage.lab.media.get(key), null, `${key} is left over`)
      assert.deepEqual(await findingsOn(stage, [healed]), [])
      assert.deepEqual([...visited().keys()], [url])
    })

    test('with --now a pruned image that fits keeps its bytes, and a blurhash that is known stays', async () => {
      const url = await smallAddress()
      const [target] = (await stock.take(stage, 'attachment', 1, plainJpeg)) as [HealTarget]
      const pruned = await vacuum(stage, await readdress(stage, target, url))
      const before = await columnsOf(stage, pruned.record)
      assert.equal((await healRecords(stage, [pruned], {}, NOW)).healed, 1)
      const healed = await pictureOf(stage, 'attachment', pruned.record.id)
      const sent = Buffer.from(await (await fetch(url)).arrayBuffer())
      const original = await fileOf(stage, healed, 'original')
      assert.ok((await fileOf(stage, healed, 'small')).equals(original), 'small is the very same')
      assert.ok(original.equals(sent), 'nothing had to be changed')
      const row = await columnsOf(stage, pruned.record)
      assert.equal(row['blurhash'], before['blurhash'])
      assert.deepEqual([row['file_content_type'], row['type']], ['image/png', 0])
      assert.match(String(row['file_file_name']), /^[0-9a-f]{16}\.png$/)
      assert.deepEqual(await findingsOn(stage, [healed]), [])
    })

    test('an image that turns out to be an animation is left to Mastodon: a lost one is cleared', async () => {
      const [lost, pruned] = (await stock.take(stage, 'attachment', 2, plainJpeg)) as [HealTarget, HealTarget]
      for (const target of [lost, pruned]) await readdress(stage, target, address('avatar', 'animated.gif'))
      await lose(stage, lost)
      await vacuum(stage, await pictureOf(stage, 'attachment', pruned.record.id))
      const before = await columnsOf(stage, pruned.record)
      const result = await healRecords(stage, [lost, pruned], {}, NOW)
      assert.deepEqual([result.cleared, result.skipped, result.failed], [1, { 'needs-mastodon': 1 }, {}])
      assert.equal((await columnsOf(stage, lost.record))['file_file_name'], null)
      assert.deepEqual(changedColumns(before, await columnsOf(stage, pruned.record)), [])
    })

    test('with --now videos and sounds are left to Mastodon without a request', async () => {
      const [film, other] = (await stock.take(stage, 'attachment', 2, withType('video/mp4'))) as [
        HealTarget,
        HealTarget,
      ]
      const [sound] = (await stock.take(stage, 'attachment', 1, withType('audio/mpeg'))) as [HealTarget]
      await lose(stage, film)
      await lose(stage, sound)
      await vacuum(stage, other)
      const result = await healRecords(stage, [film, sound, other], {}, NOW)
      assert.deepEqual([result.cleared, result.skipped], [2, { 'needs-mastodon': 1 }])
      assert.equal(visited().size, 0)
    })

    test('the lost frame of a film that is there is not made here, and the film is not given up', async () => {
      const [film] = (await stock.take(stage, 'attachment', 1, withType('video/mp4'))) as [HealTarget]
      await lose(stage, film, ['small'])
      const before = await columnsOf(stage, film.record)
      for (const request of [{}, NOW]) {
        const result = await healRecords(stage, [film], {}, request)
        assert.deepEqual([result.cleared, result.skipped], [0, { 'needs-mastodon': 1 }])
      }
      assert.deepEqual(changedColumns(before, await columnsOf(stage, film.record)), [])
      await fileOf(stage, film, 'original')
    })

    test('a lost thumbnail is cleared on view', async () => {
      const [target] = (await stock.take(stage, 'thumbnail', 1)) as [HealTarget]
      await lose(stage, target)
      const before = await columnsOf(stage, target.record)
      const result = await healRecords(stage, [target])
      assert.deepEqual([result.cleared, visited().size], [1, 0])
      assert.deepEqual(
        changedColumns(before, await columnsOf(stage, target.record)),
        clearedColumns('thumbnail'),
      )
    })

    if (version === '4.3')
      test('with --now too: thumbnails lie outside cache/, where only Mastodon writes; an empty one is removed', async () => {
        const [target] = (await stock.take(stage, 'thumbnail', 1)) as [HealTarget]
        const key = originalKey(target)
        assert.ok(key.startsWith('media_attachments/'))
        await stage.lab.media.put(key, Buffer.alloc(0), 'image/png')
        const result = await healRecords(stage, [target], {}, NOW)
        assert.deepEqual([result.cleared, result.leftBehind, visited().size], [1, 0, 0])
        assert.equal(await stage.lab.media.get(key), null)
      })
    else
      test('with --now thumbnails are fetched, and lie under cache/ from then on', async () => {
        const old = (target: HealTarget): boolean => named(target) && target.record.storageVersion === 0
        const [target] = (await stock.take(stage, 'thumbnail', 1, old)) as [HealTarget]
        const key = originalKey(target)
        assert.ok(key.startsWith('media_attachments/'))
        await readdress(stage, target, address('header', 'png'))
        await stage.lab.media.put(key, Buffer.alloc(0), 'image/png')
        const before = await columnsOf(stage, target.record)
        const result = await healRecords(stage, [target], {}, NOW)
        assert.deepEqual([result.healed, result.kinds], [1, { thumbnails: 1 }])
        const healed = await pictureOf(stage, 'thumbnail', target.record.id)
        const original = await fileOf(stage, healed, 'original')
        const { width, height } = await pixelsOf(original)
        assert.ok(width * height <= 230_400 && width * height > 200_000)
        assert.equal(await stage.lab.media.get(key), null, 'the empty file is away')
        const row = await columnsOf(stage, target.record)
        assert.equal(row['thumbnail_storage_schema_version'], 1)
        assert.deepEqual(
          changedColumns(before, row).filter((name) => !/^thumbnail_|^updated_at$|^blurhash$/.test(name)),
          [],
          'the film itself is not touched',
        )
        await assertWhole(stage, 'thumbnail', target.record.id)
        assert.deepEqual(await findingsOn(stage, [healed]), [])
      })

    test('a lost small or static alone is made from the original: no request, no row is touched', async () => {
      const [image] = (await stock.take(stage, 'attachment', 1, plainJpeg)) as [HealTarget]
      const [emoji] = (await stock.take(stage, 'emoji', 1, (one) => named(one) && inCache(one))) as [
        HealTarget,
      ]
      const gif = (one: HealTarget): boolean => withType('image/gif')(one) && inCache(one)
      const [avatar] = (await stock.take(stage, 'avatar', 1, gif)) as [HealTarget]
      const [header] = (await stock.take(stage, 'header', 1, gif)) as [HealTarget]
      // A real large original: those of the lab are tiny.
      const large = Buffer.from(await (await fetch(address('header', 'jpg'))).arrayBuffer())
      await stage.lab.media.put(originalKey(image), large, 'image/jpeg')
      await stage.sql('UPDATE media_attachments SET file_file_size = $1 WHERE id = $2', [
        large.length,
        image.record.id,
      ])
      const all = [image, emoji, avatar, header]
      await lose(stage, image, ['small'])
      for (const target of [emoji, avatar, header]) await lose(stage, target, ['static'])
      const rows = await Promise.all(all.map(({ record }) => columnsOf(stage, record)))
      const originals = await Promise.all(all.map((target) => fileOf(stage, target, 'original')))
      forgetVisits()
      const result = await healRecords(stage, all)
      assert.deepEqual([result.healed, result.from, result.failed], [4, { storage: 4 }, {}])
      assert.deepEqual([result.bytesFetched, visited().size], [0, 0])
      for (const [i, target] of all.entries()) {
        assert.deepEqual(changedColumns(rows[i]!, await columnsOf(stage, target.record)), [])
        assert.ok((await fileOf(stage, target, 'original')).equals(originals[i]!))
      }
      const small = await pixelsOf(await fileOf(stage, image, 'small'))
      assert.ok(small.width * small.height <= 230_400 && small.width * small.height > 200_000)
      for (const [i, target] of [emoji, avatar, header].entries()) {
        const [still, moving] = [await fileOf(stage, target, 'static'), originals[i + 1]!]
        const { width, height } = await pixelsOf(moving)
        assert.deepEqual(await pixelsOf(still), { width, height, format: 'png' })
      }
      assert.deepEqual(await findingsOn(stage, all), [])
    })

    test('an original that is no use makes nothing: what is lost comes from its origin', async () => {
      const gif = (one: HealTarget): boolean => withType('image/gif')(one) && inCache(one)
      const [target] = (await stock.take(stage, 'avatar', 1, gif)) as [HealTarget]
      await lose(stage, target, ['static'])
      const key = originalKey(target)
      await stage.lab.media.put(key, Buffer.from('GIF89a, or so it says'), 'image/gif')
      const result = await healRecords(stage, [await readdress(stage, target, address('avatar', 'gif'))])
      assert.deepEqual(result.from, { 'stored-url': 1 })
      assert.equal(await stage.lab.media.get(key), null)
      await assertWhole(stage, 'avatar', target.record.id)
    })

    test('emoji are fetched with their still, and Rails forgets the old one; a JPEG is refused', async () => {
      const [good, bad] = (await stock.take(stage, 'emoji', 2, (one) => named(one) && inCache(one))) as [
        HealTarget,
        HealTarget,
      ]
      const url = address('avatar', 'png')
      await readdress(stage, good, url)
      await readdress(stage, bad, address('avatar', 'jpg'))
      const prefix = namespace === undefined ? 'cache' : `${namespace}_cache`
      const cacheKey = ({ shortcode, record }: HealTarget): string =>
        `${prefix}:emoji:${shortcode?.toLowerCase()}:${record.domain}`
      for (const target of [good, bad]) {
        await lose(stage, target)
        await place.redis.set(cacheKey(target), 'marshalled')
      }
      const before = await columnsOf(stage, bad.record)
      const result = await healRecords(stage, [good, bad])
      assert.deepEqual([result.healed, result.failed, result.cleared], [1, { 'wrong-type': 1 }, 0])
      const healed = await pictureOf(stage, 'emoji', good.record.id)
      const sent = Buffer.from(await (await fetch(url)).arrayBuffer())
      assert.ok((await fileOf(stage, healed, 'original')).equals(sent), 'emoji keep their bytes')
      assert.equal((await pixelsOf(await fileOf(stage, healed, 'static'))).format, 'png')
      assert.deepEqual(await findingsOn(stage, [healed]), [])
      assert.deepEqual(changedColumns(before, await columnsOf(stage, bad.record)), [])
      assert.deepEqual(await place.redis.mget(cacheKey(good), cacheKey(bad)), [null, 'marshalled'])
    })

    test('cards: their page is read again for its image, and a GIF is stored as a JPEG that is called GIF', async () => {
      const cards = await stock.take(stage, 'card', 4, (one) => named(one) && inCache(one))
      const [still, moving, bare, gone] = cards as [HealTarget, HealTarget, HealTarget, HealTarget]
      const owner = (type: string): string => {
        for (let i = 0; ; i++) if (usualExtension(`page${i}`, 'header') === type) return `page${i}`
      }
      const pages = [
        fediverse.pageFor('open-graph', owner('jpg'), 0),
        fediverse.pageFor('open-graph', owner('gif'), 1),
        fediverse.pageFor('bare', 'nobody', 2),
        fediverse.pageFor('open-graph', 'gone', 3),
      ]
      fediverse.setVice(pages[3]!, { kind: 'status', status: 410 })
      for (const [i, { record }] of cards.entries()) {
        await stage.sql('UPDATE preview_cards SET url = $1 WHERE id = $2', [pages[i], record.id])
        await lose(stage, await pictureOf(stage, 'card', record.id))
      }
      const rows = await Promise.all(cards.map(({ record }) => columnsOf(stage, record)))
      const result = await healRecords(stage, cards)
      assert.deepEqual([result.from, result.failed], [{ 'new-url': 2 }, { none: 1, gone: 1 }])
      assert.equal(result.kinds['cards'], 2)
      for (const [i, { record }] of [still, moving].entries()) {
        const healed = await pictureOf(stage, 'card', record.id)
        const type = i === 0 ? 'image/jpeg' : 'image/gif'
        assert.equal(healed.record.contentType, type)
        assert.match(healed.record.fileName ?? '', i === 0 ? /\.jpg$/ : /\.gif$/)
        const { format, width, height } = await pixelsOf(await fileOf(stage, healed, 'original'))
        assert.equal(format, 'jpeg')
        assert.ok(width * height <= 230_400)
        assert.deepEqual(await findingsOn(stage, [healed]), [])
        assert.deepEqual(
          changedColumns(rows[i]!, await columnsOf(stage, record)).filter(
            (name) => !/^image_|^updated_at$/.test(name),
          ),
          [],
        )
      }
      for (const [i, { record }] of [bare, gone].entries())
        assert.deepEqual(changedColumns(rows[i + 2]!, await columnsOf(stage, record)), [])
    })

    test('cards belong to no account: only --all and findings reach them', async () => {
      for (const by of ['followed', 'followers', 'interacted'] as const) {
        const choice = { by: 'scope', scope: { by } } as const
        assert.equal((await heal(stage, {}, { choice, kinds: ['card'] })).examined, 0, by)
      }
      const { rows } = await stage.sql(
        "SELECT count(*)::int AS n FROM preview_cards WHERE image_file_name <> ''",
      )
      await stage.sql("UPDATE preview_cards SET url = $1 || '/pages/bare/' || id", [
        fediverse.hosts[0]?.origin,
      ])
      const all = { by: 'scope', scope: { by: 'all' } } as const
      const result = await heal(stage, {}, { choice: all, kinds: ['card'] })
      assert.ok(result.examined >= Number(rows[0]?.['n']))
      assert.ok(result.fine > 10)
    })

    test('old rows without a storage version are healed under cache/, and what was left of them is removed', async () => {
      const gif = (one: HealTarget): boolean => withType('image/gif')(one) && inCache(one)
      const olds: HealTarget[] = []
      for (const [target, url] of [
        [(await stock.take(stage, 'avatar', 1, gif))[0]!, address('avatar', 'png')],
        [(await stock.take(stage, 'header', 1, gif))[0]!, address('header', 'animated.gif')],
        [(await stock.take(stage, 'attachment', 1, plainJpeg))[0]!, address('header', 'webp')],
        [
          (await stock.take(stage, 'emoji', 1, (one) => named(one) && inCache(one)))[0]!,
          address('avatar', 'png'),
        ],
      ] as const)
        olds.push(await aged(stage, await readdress(stage, target, url)))
      const left = (await Promise.all(olds.map((old) => lose(stage, old, ['original'])))).flat()
      assert.equal(left.length, 4)
      for (const key of left) assert.ok(!key.startsWith('cache/') && (await stage.lab.media.get(key)), key)
      const result = await healRecords(stage, olds, {}, NOW)
      assert.deepEqual([result.healed, result.failed, result.leftBehind], [4, {}, 0])
      for (const { record } of olds) {
        const healed = await pictureOf(stage, record.kind, record.id)
        assert.equal(healed.record.storageVersion, 1)
        for (const { key } of claimedKeys(healed.record)) assert.ok(key.startsWith('cache/'))
        await assertWhole(stage, record.kind, record.id)
        assert.deepEqual(await findingsOn(stage, [healed]), [])
      }
      for (const key of left) assert.equal(await stage.lab.media.get(key), null, `${key} is left over`)
    })

    test('an old attachment is cleared on view, and what was left of it beside local media is removed', async () => {
      const [target] = (await stock.take(stage, 'attachment', 1, plainJpeg)) as [HealTarget]
      const old = await aged(stage, target)
      const left = await lose(stage, old, ['original'])
      const result = await healRecords(stage, [old])
      assert.deepEqual([result.cleared, result.leftBehind, left.length], [1, 0, 1])
      assert.equal(await stage.lab.media.get(left[0]!), null)
    })

    test('after all of this local media is what it was, byte for byte', async () => {
      assert.ok(local.length > 20)
      assert.deepEqual(await localFiles(), local)
    })
  })

/** As before Mastodon 3.1: no storage version, and the files without cache/. */
async function aged(stage: Stage, { record }: HealTarget): Promise<HealTarget> {
  const { table, columns } = KINDS[record.kind]
  await stage.sql(`UPDATE ${table} SET ${columns}_storage_schema_version = NULL WHERE id = $1`, [record.id])
  for (const { key } of claimedKeys(record)) {
    await stage.lab.media.put(key.replace(/^cache\//, ''), (await stage.lab.media.get(key))!, 'image/png')
    await stage.lab.media.remove([key])
  }
  return pictureOf(stage, record.kind, record.id)
}

test(
  'in a bucket everybody may read every file, and it has the type of what is in it',
  needs('postgres', 'ceph-rgw'),
  async () => {
    const rgw = await sharedRgw()
    const bucket = freshName('kinds')
    const media = await s3Media({ ...rgw.address, bucket, acls: true })
    try {
      await onStage({ version: '4.6', media, ...MANY }, async (stage) => {
        const stock = new Stock()
        const [image] = (await stock.take(stage, 'attachment', 1, plainJpeg)) as [HealTarget]
        const [emoji] = (await stock.take(stage, 'emoji', 1, (one) => named(one) && inCache(one))) as [
          HealTarget,
        ]
        const [avatar] = (await stock.take(stage, 'avatar', 1, (one) => jpeg(one) && inCache(one))) as [
          HealTarget,
        ]
        await readdress(stage, image, address('header', 'webp'))
        await readdress(stage, emoji, address('avatar', 'gif'))
        await readdress(stage, avatar, address('avatar', 'gif'))
        const all = [image, emoji, avatar]
        for (const target of all) await lose(stage, target)
        const result = await healRecords(
          stage,
          all,
          // No Redis here: what Rails keeps is the disk tests' concern.
          { cache: { dropEmoji: async () => {} } },
          NOW,
        )
        assert.deepEqual([result.healed, result.unverified, result.failed], [3, 0, {}])
        const expected: Record<string, string> = {
          original: 'image/gif',
          static: 'image/png',
          small: 'image/webp',
        }
        for (const { record } of all) {
          const healed = await pictureOf(stage, record.kind, record.id)
          for (const { key, style } of claimedKeys(healed.record)) {
            const type = record.kind === 'attachment' ? 'image/webp' : expected[style]
            const answer = await fetch(`${rgw.address.endpoint}/${bucket}/${key}`, { method: 'HEAD' })
            assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, type], key)
          }
          assert.deepEqual(await findingsOn(stage, [healed]), [])
        }
      })
    } finally {
      await media.close()
    }
  },
)
