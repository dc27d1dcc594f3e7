/** Moving on a disk: modes, links, other file systems, and what a killed move leaves. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { temporaryName } from '../../src/adapters/storage/fs/temporary-name.ts'
import { openFileStorage } from '../../src/adapters/storage/fs.ts'
import { listedKey } from '../../src/core/model/object.ts'
import type { Storage } from '../../src/core/ports/storage.ts'
import { listAll } from '../contracts/storage.ts'

const NOBODY = 65534
const asRoot = process.getuid?.() === 0
const KEY = 'cache/accounts/avatars/109/000/001/original/a.png'
const HELD = `cornac/quarantine/2026-12-05/run/0123456789abcdef/${KEY}`
const AWAY = [{ from: KEY, to: HELD }]
const BACK = [{ from: HELD, to: KEY }]

/** A folder on another file system than the temporary one; null if there is none. */
const elsewhere = await (async () => {
  if (!existsSync('/dev/shm')) return null
  return (await stat('/dev/shm')).dev === (await stat(tmpdir())).dev ? null : '/dev/shm'
})()

describe('moving in a media folder', () => {
  let root: string
  let storage: Storage
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'cornac-move-'))
    storage = openFileStorage({ root })
  })
  afterEach(async () => {
    await storage.close()
    await rm(root, { recursive: true })
  })

  async function put(key: string, content = 'x', mode = 0o644): Promise<void> {
    await mkdir(dirname(join(root, key)), { recursive: true })
    await writeFile(join(root, key), content)
    await chmod(join(root, key), mode)
  }
  const mode = async (key: string) => ((await stat(join(root, key))).mode & 0o777).toString(8)

  test('into quarantine closes its first folder, also one that was open, and leaves the modes of files', async () => {
    for (const wasOpen of [false, true]) {
      await put(KEY, 'x', 0o640)
      if (wasOpen) await chmod(join(root, 'cornac'), 0o755)
      assert.equal((await storage.move(AWAY, 'private'))[0]?.state, 'moved')
      assert.equal(await mode('cornac'), '700')
      assert.equal(await mode(HELD), '640')
      await storage.move(BACK, 'as-stored')
      await mkdir(join(root, 'cornac'))
    }
  })

  test('takes the emptied folders away, and neither a full one nor the media folder', async () => {
    await put(KEY)
    await put('cache/accounts/avatars/109/000/002/original/b.png')
    await storage.move(AWAY, 'private')
    assert.deepEqual(await readdir(join(root, 'cache/accounts/avatars/109/000')), ['002'])
    await storage.move(BACK, 'as-stored')
    assert.deepEqual(await readdir(root), ['cache'])
  })

  test('back from quarantine gives the modes Mastodon gives, and keeps shut what it shut', async () => {
    const masked = process.umask(0o077)
    try {
      for (const [before, expected] of [
        [0o640, '644'],
        [0o644, '644'],
        [0o600, '600'],
      ] as const) {
        await put(KEY, 'x', before)
        await storage.move(AWAY, 'private')
        await storage.move(BACK, 'as-stored')
        assert.equal(await mode(KEY), expected)
        // The folders that were put in by this test itself went away with the first move.
        for (let folder = dirname(KEY); folder !== '.'; folder = dirname(folder))
          assert.equal(await mode(folder), '755')
        await storage.remove([KEY])
      }
    } finally {
      process.umask(masked)
    }
  })

  test(
    'as root, the folders made on the way belong to the owner of the media folder',
    { skip: !asRoot },
    async () => {
      await put(KEY)
      for (const name of ['', ...(await readdir(root, { recursive: true }))])
        await chown(join(root, name), NOBODY, NOBODY)
      await storage.move(AWAY, 'private')
      for (let path = HELD; path !== '.'; path = dirname(path))
        assert.equal((await stat(join(root, path))).uid, NOBODY, path)
      await storage.move(BACK, 'as-stored')
      for (let path = KEY; path !== '.'; path = dirname(path))
        assert.equal((await stat(join(root, path))).uid, NOBODY, path)
    },
  )

  test('the file keeps its time, so that no age guard takes it for new', async () => {
    await put(KEY)
    await utimes(join(root, KEY), 1_000_000, 1_000_000)
    await storage.move(AWAY, 'private')
    assert.equal((await stat(join(root, HELD))).mtimeMs, 1_000_000_000)
  })

  test('a killed move is ended: the folders it left empty go, the mode is set', async () => {
    await put(KEY, 'x', 0o640)
    await mkdir(join(root, 'cornac/quarantine/2026-12-05/run/0123456789abcdef', dirname(KEY)), {
      recursive: true,
    })
    assert.equal((await storage.move(BACK, 'as-stored'))[0]?.state, 'moved')
    assert.equal(await mode(KEY), '644')
    assert.deepEqual(await readdir(root), ['cache'])
  })

  test('a link to a folder is not moved, a link to a file is', async () => {
    await put('cache/real/a.png')
    await symlink('real', join(root, 'cache/linked'))
    await symlink('real/a.png', join(root, 'cache/file.png'))
    const pairs = ['cache/linked', 'cache/file.png'].map((from) => ({ from, to: `cornac/${from}` }))
    assert.deepEqual(
      (await storage.move(pairs, 'private')).map(({ state }) => state),
      ['absent', 'moved'],
    )
    assert.ok((await lstat(join(root, 'cornac/cache/file.png'))).isSymbolicLink())
  })

  test('what stands in the way is a reason, and the file stays where it is', async () => {
    await put(KEY, 'mine')
    await put('cornac/taken', 'a file')
    await mkdir(join(root, 'cornac/folder'))
    const answers = await storage.move(
      ['cornac/taken/below.png', 'cornac/folder', `cornac/${'x'.repeat(300)}.png`].map((to) => ({
        from: KEY,
        to,
      })),
      'private',
    )
    assert.deepEqual(
      answers.map((answer) => answer.state === 'refused' && answer.reason),
      [
        'a file stands where a folder is needed',
        'a folder has this name',
        'the name is too long for this file system',
      ],
    )
    assert.equal(Buffer.from((await storage.read(KEY))!).toString(), 'mine')
  })

  test('without its media folder nothing is called absent', async () => {
    const lost = openFileStorage({ root: join(root, 'gone') })
    await assert.rejects(lost.move(AWAY, 'private'), { code: 'storage-root' })
    await lost.close()
    assert.equal(existsSync(join(root, 'gone')), false)
  })

  test('moves into folders that removals take away at once lose nothing', async () => {
    const keys = Array.from({ length: 60 }, (_, i) => `cache/race/${i % 3}/${i}.png`)
    for (let round = 0; round < 10; round++) {
      for (const key of keys) await put(`cornac/held/${key}`, key)
      for (const key of keys) await put(`${key}.other`)
      const [answers] = await Promise.all([
        storage.move(
          keys.map((key) => ({ from: `cornac/held/${key}`, to: key })),
          'as-stored',
        ),
        storage.remove(keys.map((key) => `${key}.other`)),
      ])
      assert.ok(answers.every(({ state }) => state === 'moved'))
      assert.deepEqual((await listAll(storage)).map(listedKey).sort(), keys.toSorted())
      await storage.remove(keys)
    }
  })

  test(
    'to another file system the file is copied whole, with mode, time and owner, and the source goes',
    { skip: elsewhere === null && 'one file system only' },
    async () => {
      const other = await mkdtemp(join(elsewhere!, 'cornac-move-'))
      try {
        await mkdir(join(root, 'cache/accounts'), { recursive: true })
        await symlink(other, join(root, 'cache/accounts/avatars'))
        const content = 'x'.repeat(3_000_000)
        await put(KEY, content, 0o640)
        await utimes(join(root, KEY), 1_000_000, 1_000_000)
        if (asRoot) await chown(join(root, KEY), NOBODY, NOBODY)
        assert.equal((await storage.move(AWAY, 'private'))[0]?.state, 'moved')
        assert.deepEqual(await readdir(other), [])
        const held = await stat(join(root, HELD))
        assert.deepEqual([held.mode & 0o777, held.mtimeMs, held.size], [0o640, 1_000_000_000, content.length])
        if (asRoot) assert.equal(held.uid, NOBODY)

        // What a copy that was killed left beside the target.
        await mkdir(dirname(join(root, KEY)), { recursive: true })
        await writeFile(join(dirname(join(root, KEY)), temporaryName('a.png')), 'half')
        assert.equal((await storage.move(BACK, 'as-stored'))[0]?.state, 'moved')
        assert.deepEqual(await readdir(dirname(join(root, KEY))), ['a.png'])
        assert.equal(await mode(KEY), '644')
        assert.equal(Buffer.from((await storage.read(KEY))!).toString(), content)
        assert.equal((await storage.stat(HELD)).state, 'absent')
      } finally {
        await rm(other, { recursive: true })
      }
    },
  )
})
