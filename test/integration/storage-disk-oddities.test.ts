/** What a media folder may hold or do beyond the contract: odd names, links, modes, things that vanish. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { chmod, chown, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryName } from '../../src/adapters/storage/fs/temporary-name.ts'
import { openFileStorage } from '../../src/adapters/storage/fs.ts'
import { KnownError } from '../../src/core/errors.ts'
import { compareKeys } from '../../src/core/model/key-order.ts'
import { listedKey, type Listed } from '../../src/core/model/object.ts'
import type { KeyRange, Storage } from '../../src/core/ports/storage.ts'
import { listAll } from '../contracts/storage.ts'

/** Nobody's numbers on Linux; used where the tests run as root, to whom modes mean nothing. */
const NOBODY = 65534
const asRoot = process.getuid?.() === 0

describe('a media folder', () => {
  let root: string
  let storage: Storage
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'cornac-oddities-'))
    await chmod(root, 0o755)
    storage = openFileStorage({ root })
  })
  afterEach(async () => {
    await storage.close()
    await rm(root, { recursive: true })
  })

  async function put(key: string | Buffer, content = 'x'): Promise<void> {
    const path = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(key)])
    await mkdir(path.subarray(0, path.lastIndexOf(0x2f)), { recursive: true })
    await writeFile(path, content)
  }

  /** The listing as another user sees it, in a process of its own. */
  async function listAsPlainUser(range: KeyRange = { after: '', through: null }): Promise<Listed[]> {
    const script = fileURLToPath(new URL('./storage-list-folder.ts', import.meta.url))
    const user = asRoot ? [String(NOBODY)] : []
    const { stdout } = await promisify(execFile)(process.execPath, [
      script,
      root,
      JSON.stringify(range),
      ...user,
    ])
    return JSON.parse(stdout) as Listed[]
  }

  async function giveToPlainUser(): Promise<void> {
    if (!asRoot) return
    for (const name of ['', ...(await readdir(root, { recursive: true }))])
      await chown(join(root, name), NOBODY, NOBODY)
  }

  test('a folder that may not be read stands in its place in the order, for every range that needs it', async () => {
    for (const key of ['cache/a.png', 'cache/b/c/d.png', 'cache/b/e.png', 'cache/c.png']) await put(key)
    await giveToPlainUser()
    await chmod(join(root, 'cache/b'), 0)
    const shut = { unlisted: 'cache/b/', reason: 'permission denied' }
    const entries = await listAsPlainUser()
    assert.deepEqual(entries.map(listedKey), ['cache/a.png', 'cache/b/', 'cache/c.png'])
    assert.deepEqual(entries[1], shut)
    assert.deepEqual((await listAsPlainUser({ after: 'cache/b/c', through: 'cache/b/d' })).at(0), shut)
    assert.deepEqual(await listAsPlainUser({ after: 'cache/b0', through: 'cache/bz' }), [])
    await chmod(join(root, 'cache/b'), 0o755)
  })

  test('a folder that may be read but not searched is unlisted once, however many files it holds', async () => {
    for (let i = 100; i < 300; i++) await put(`cache/b/${i}.png`)
    await put('cache/b/000/deep.png')
    await put('cache/c.png')
    await giveToPlainUser()
    await chmod(join(root, 'cache/b'), 0o400)
    assert.deepEqual((await listAsPlainUser()).map(listedKey), ['cache/b/', 'cache/c.png'])
    await chmod(join(root, 'cache/b'), 0o755)
  })

  test('a file shut for others, or for this process, is closed', async () => {
    const modes = { 'cache/a': 0o644, 'cache/b': 0o600, 'cache/c': 0o640, 'cache/d': 0o044, 'cache/e': 0o604 }
    for (const [key, mode] of Object.entries(modes)) {
      await put(key)
      await chmod(join(root, key), mode)
    }
    const access = (entries: readonly Listed[]) =>
      Object.fromEntries(
        entries.map((entry) => ['key' in entry && entry.key, 'key' in entry && entry.access]),
      )
    await giveToPlainUser()
    assert.deepEqual(access(await listAsPlainUser()), {
      'cache/a': 'open',
      'cache/b': 'closed',
      'cache/c': 'open',
      'cache/d': 'closed',
      'cache/e': 'open',
    })
  })

  test('names that are not valid UTF-8 are listed beside real ones, each with a name of its own', async () => {
    const replacement = Buffer.from('\ufffd')
    const bytes = (prefix: string, ...rest: number[]) =>
      Buffer.concat([Buffer.from(prefix), Buffer.from(rest)])
    await put(bytes('cache/a', 0xff), 'first')
    await put(bytes('cache/a', 0xfe), 'second!')
    await put(Buffer.concat([Buffer.from('cache/a'), replacement]), 'real')
    await put(Buffer.concat([bytes('cache/d', 0xc3), Buffer.from('/inside.png')]))
    await put('cache/e.png')
    const entries = await listAll(storage)
    const sizes = entries.map((entry) => ('key' in entry ? [entry.key, entry.bytes] : [entry.unlisted]))
    assert.deepEqual(sizes, [
      ['cache/a\ufffd', 4],
      ['cache/a\ufffd\ufffd', 7],
      ['cache/a\ufffd\ufffd\ufffd', 5],
      ['cache/d\ufffd/'],
      ['cache/e.png', 1],
    ])
    assert.equal((await storage.stat('cache/a\ufffd')).state, 'present')
    assert.deepEqual(
      (await listAll(storage, { after: 'cache/a\ufffd', through: 'cache/b' })).map(listedKey),
      ['cache/a\ufffd\ufffd', 'cache/a\ufffd\ufffd\ufffd'],
    )
  })

  test('links: folders at the top are entered, deeper ones are unlisted, files are themselves', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'cornac-elsewhere-'))
    try {
      await mkdir(join(elsewhere, 'disk/accounts/avatars'), { recursive: true })
      await writeFile(join(elsewhere, 'disk/accounts/avatars/a.png'), 'a')
      await mkdir(join(elsewhere, 'deep'))
      await writeFile(join(elsewhere, 'deep/b.png'), 'b')
      await put('accounts/avatars/local.png')
      await symlink(join(elsewhere, 'disk'), join(root, 'cache'))
      await symlink(join(elsewhere, 'deep'), join(root, 'accounts/headers'))
      await symlink(join(elsewhere, 'deep'), join(root, 'accounts/avatars/more'))
      await symlink(join(elsewhere, 'nowhere'), join(root, 'accounts/avatars/dangling.png'))
      await symlink('local.png', join(root, 'accounts/avatars/link.png'))
      // A second way to what is listed already, and two circles.
      await symlink(join(root, 'accounts'), join(root, 'media_attachments'))
      await symlink(root, join(root, 'preview_cards'))
      await symlink('itself', join(root, 'itself'))
      assert.deepEqual((await listAll(storage)).map(listedKey), [
        'accounts/avatars/dangling.png',
        'accounts/avatars/link.png',
        'accounts/avatars/local.png',
        'accounts/avatars/more/',
        'accounts/headers/b.png',
        'cache/accounts/avatars/a.png',
        'itself',
        'media_attachments/',
        'preview_cards/',
      ])
      await storage.remove(['cache/accounts/avatars/a.png'])
      assert.ok((await stat(join(root, 'cache'))).isDirectory(), 'the link and its target stay')
    } finally {
      await rm(elsewhere, { recursive: true })
    }
  })

  test('sockets are not objects', async () => {
    await put('cache/a.png')
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(join(root, 'cache/b.sock'), resolve))
    assert.deepEqual((await listAll(storage)).map(listedKey), ['cache/a.png'])
    await new Promise((resolve) => server.close(resolve))
  })

  test('what vanishes while the walk is on is left out, and the rest is whole', async () => {
    const stay: string[] = []
    for (let i = 0; i < 3000; i++) {
      const key = `cache/x/${String(i).padStart(4, '0').replace(/../, '$&/')}/original/a.png`
      await put(key)
      if (i % 2 === 0) stay.push(key)
    }
    const going = Array.from({ length: 3000 }, (_, i) => i)
      .filter((i) => i % 2 === 1)
      .map((i) => `cache/x/${String(i).padStart(4, '0').replace(/../, '$&/')}/original/a.png`)
    const [entries] = await Promise.all([listAll(storage), storage.remove(going)])
    const seen = new Set(entries.map(listedKey))
    assert.deepEqual(
      stay.filter((key) => !seen.has(key)),
      [],
    )
    assert.deepEqual((await listAll(storage)).map(listedKey), stay)
  })

  test('a media folder that is exchanged during the listing ends it instead of looking empty', async () => {
    for (let i = 0; i < 3000; i++) await put(`cache/${i}/a.png`)
    const moved = `${root}-moved`
    await assert.rejects(async () => {
      let first = true
      for await (const page of storage.list({ after: '', through: null })) {
        assert.ok(page.length > 0)
        if (!first) continue
        first = false
        await rename(root, moved)
        await mkdir(root)
      }
    }, /unmounted or exchanged/)
    await rm(root, { recursive: true })
    await rename(moved, root)
  })

  test('a media folder that is gone is out of reach, not empty', async () => {
    await put('cache/a.png')
    const moved = `${root}-moved`
    await rename(root, moved)
    try {
      const known = (error: unknown) => error instanceof KnownError
      await assert.rejects(listAll(storage), known)
      await assert.rejects(storage.stat('cache/a.png'), known)
      await assert.rejects(storage.read('cache/a.png'), known)
      await assert.rejects(storage.write('cache/b.png', Buffer.from('x'), 'image/png'), known)
      await assert.rejects(storage.remove(['cache/a.png']), known)
      await assert.rejects(storage.check(), /does not exist/)
    } finally {
      await rename(moved, root)
    }
  })

  test('a folder with many files is listed in pages, in order', async () => {
    const keys = Array.from({ length: 5000 }, (_, i) => `cache/flat/${i}.png`)
    await mkdir(join(root, 'cache/flat'), { recursive: true })
    for (const key of keys) await writeFile(join(root, key), '')
    assert.deepEqual((await listAll(storage)).map(listedKey), keys.sort(compareKeys))
  })

  test('removing takes empty folders above, keeps used ones, and stops at the media folder', async () => {
    await put('cache/a/b/c/one.png')
    await put('cache/a/two.png')
    await storage.remove(['cache/a/b/c/one.png'])
    assert.deepEqual(await readdir(join(root, 'cache/a')), ['two.png'])
    await storage.remove(['cache/a/two.png'])
    assert.deepEqual(await readdir(root), [])
    const [folder] = await storage.remove(['cache'])
    assert.equal(folder?.removed, true)
    await put('cache/a/three.png')
    assert.equal((await storage.remove(['cache/a']))[0]?.removed, false)
  })

  test('written files can be read by the web server and belong to the owner of the media folder', async () => {
    if (asRoot) await chown(root, NOBODY, NOBODY)
    const key = 'cache/accounts/avatars/000/000/001/original/a.png'
    const umask = process.umask(0o077)
    try {
      await storage.write(key, Buffer.from('x'), 'image/png')
    } finally {
      process.umask(umask)
    }
    const owner = await stat(root)
    for (let path = join(root, key); path !== root; path = dirname(path)) {
      const stats = await stat(path)
      assert.equal(stats.uid, owner.uid, path)
      assert.equal(stats.gid, owner.gid, path)
      assert.equal(stats.mode & 0o777, stats.isDirectory() ? 0o755 : 0o644, path)
    }
    assert.deepEqual(await readdir(join(root, dirname(key))), ['a.png'], 'nothing temporary stays')
  })

  test('what killed writes of a key left is taken away; the key, and what others are writing, stay', async () => {
    const folder = 'cache/accounts/avatars/000/000/007/original'
    await storage.write(`${folder}/whole.png`, Buffer.from('whole'), 'image/png')
    await storage.write(`${folder}/other.png`, Buffer.from('other'), 'image/png')
    // As a write that dies before its last step leaves them: under the names writes give.
    const [mine, another, theirs] = [
      temporaryName('whole.png'),
      temporaryName('whole.png'),
      temporaryName('other.png'),
    ]
    for (const name of [mine, another, theirs]) await writeFile(join(root, folder, name), 'half')
    assert.equal(await storage.discardUnfinished([`${folder}/whole.png`, 'cache/nowhere/at/all.png']), 0)
    const left = (await readdir(join(root, folder))).sort()
    assert.deepEqual(left, [theirs, 'other.png', 'whole.png'].sort())
    // What cannot be taken away is told.
    await mkdir(join(root, folder, temporaryName('whole.png')))
    assert.equal(await storage.discardUnfinished([`${folder}/whole.png`]), 1)
  })

  test('a write that is aborted or fails leaves the old file and nothing temporary', async () => {
    await put('cache/a/old.png', 'old')
    const reason = new Error('enough')
    const aborted = storage.write('cache/a/old.png', Buffer.alloc(10_000), 'image/png', {
      signal: AbortSignal.abort(reason),
    })
    await assert.rejects(aborted, reason)
    await mkdir(join(root, 'cache/a/folder.png/x'), { recursive: true })
    await assert.rejects(storage.write('cache/a/folder.png', Buffer.from('x'), 'image/png'), KnownError)
    await assert.rejects(storage.write('cache/a/old.png/x.png', Buffer.from('x'), 'image/png'), KnownError)
    assert.deepEqual((await readdir(join(root, 'cache/a'))).sort(), ['folder.png', 'old.png'])
    assert.equal(Buffer.from((await storage.read('cache/a/old.png'))!).toString(), 'old')
  })
})

describe('a path that is no media folder is refused with a sentence', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['a relative path', 'public/system', /not an absolute path/],
    ['the whole file system', '/', /the whole file system/],
    ['a path that does not exist', '/nowhere/at/all', /does not exist/],
    ['a file', fileURLToPath(import.meta.url), /is not a folder/],
    ['some other folder', '/etc', /^\/etc is not Mastodon's media folder: .*PAPERCLIP_ROOT_PATH/s],
  ]
  for (const [name, path, expected] of cases) {
    test(name, async () => {
      await assert.rejects(
        async () => openFileStorage({ root: path }).check(),
        (error) => {
          assert.ok(error instanceof KnownError)
          assert.match(error.message, expected)
          return true
        },
      )
    })
  }

  test('an empty folder', async () => {
    const root = await mkdtemp(join(tmpdir(), 'cornac-empty-'))
    await assert.rejects(openFileStorage({ root }).check(), /is empty.*mounted/s)
    await rm(root, { recursive: true })
  })
})

describe('the walk agrees with a plain one', () => {
  const seed = Number(process.env['CORNAC_TEST_SEED'] ?? Math.floor(Math.random() * 1e9))
  test(`on random trees and ranges (seed ${seed})`, async () => {
    const random = mulberry32(seed)
    const names = ['a', 'a-b', 'a.b', 'b', '000', '114', 'original', '\u00e9', '\ue000', '\u{1f418}', 'z z']
    const pick = () => names[Math.floor(random() * names.length)]!
    for (let round = 0; round < 8; round++) {
      const root = await mkdtemp(join(tmpdir(), 'cornac-random-'))
      const storage = openFileStorage({ root, readsInFlight: 2 })
      try {
        for (let i = 0; i < 400; i++) {
          const path = join(root, ...Array.from({ length: 1 + Math.floor(random() * 6) }, pick))
          try {
            await mkdir(dirname(path), { recursive: true })
            if (random() < 0.8) await writeFile(path, 'x')
            else await mkdir(path, { recursive: true })
          } catch {
            // A file stands where this path needs a folder, or the other way round: the tree is random enough without it.
          }
        }
        const plain = (await readdir(root, { recursive: true, withFileTypes: true }))
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
          .sort(compareKeys)
        assert.deepEqual((await listAll(storage)).map(listedKey), plain)
        for (let i = 0; i < 40; i++) {
          const edge = () =>
            random() < 0.5 ? plain[Math.floor(random() * plain.length)]! : `${pick()}/${pick()}`
          const range = { after: random() < 0.2 ? '' : edge(), through: random() < 0.2 ? null : edge() }
          const expected = plain.filter(
            (key) =>
              compareKeys(key, range.after) > 0 &&
              (range.through === null || compareKeys(key, range.through) <= 0),
          )
          assert.deepEqual((await listAll(storage, range)).map(listedKey), expected, JSON.stringify(range))
        }
      } finally {
        await storage.close()
        await rm(root, { recursive: true })
      }
    }
  })
})

/** A small generator of numbers from 0 to 1 that a seed repeats. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
