/** Removing many files at once from a disk: what goes, what stays, and what each key is told. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { chmod, chown, lstat, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { openFileStorage } from '../../src/adapters/storage/fs.ts'
import type { Removal, Storage } from '../../src/core/ports/storage.ts'

/** Enough for threads, in three jobs, the last of which is short. */
const COUNT = 2300
const KEYS: readonly string[] = Array.from({ length: COUNT }, (_, i) => {
  const id = String(i * 7).padStart(6, '0')
  const style = i % 5 === 0 ? 'static' : 'original'
  return `cache/accounts/${i % 2 === 0 ? 'avatars' : 'headers'}/${id.slice(0, 3)}/${id.slice(3)}/${style}/a b.png`
})
const removed = (key: string): Removal => ({ key, removed: true })

/** From 0 up to 1, always the same (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

describe('removal of many files', () => {
  let root: string
  let storage: Storage
  beforeEach(async () => {
    root = await serverDirectory('remove', { inMemoryBytes: 2 ** 28 })
    storage = openFileStorage({ root })
  })
  afterEach(async () => {
    await storage.close()
    await removeServerDirectory(root)
  })

  function put(key: string): void {
    mkdirSync(dirname(join(root, key)), { recursive: true })
    writeFileSync(join(root, key), key)
  }
  const everything = async () => (await readdir(root, { recursive: true })).sort()

  for (const [order, keys] of [
    ['key order', KEYS.toSorted()],
    ['the order of rows', KEYS],
    ['no order', KEYS.toSorted((a, b) => (a.slice(-20) + a < b.slice(-20) + b ? 1 : -1))],
  ] as const)
    test(`in ${order} answers in that order and leaves the media folder, empty`, async () => {
      for (const key of KEYS) put(key)
      assert.deepEqual(await storage.remove(keys), keys.map(removed))
      assert.deepEqual(await everything(), [])
      assert.ok(existsSync(root))
    })

  test('takes exactly the folders that become empty, whatever is asked for', async () => {
    for (const seed of [1, 2, 3]) {
      const chance = seeded(seed)
      for (const key of KEYS) put(key)
      await mkdir(join(root, 'cache/empty'), { recursive: true })
      const asked = KEYS.filter(() => chance() < 0.6).sort(() => chance() - 0.5)
      const stays = KEYS.filter((key) => !asked.includes(key))
      assert.deepEqual(await storage.remove(asked), asked.map(removed))
      const expected = new Set<string>(['cache/empty'])
      for (const key of stays) for (let path = key; path !== '.'; path = dirname(path)) expected.add(path)
      assert.deepEqual(await everything(), [...expected].sort(), `seed ${seed}`)
      await rm(join(root, 'cache'), { recursive: true })
    }
  })

  test('absent files count as removed, and the empty folders a killed removal left go', async () => {
    for (const key of KEYS.slice(0, 500)) put(key)
    await mkdir(join(root, dirname(KEYS[900]!)), { recursive: true })
    await mkdir(join(root, dirname(dirname(KEYS[901]!))), { recursive: true })
    assert.deepEqual(await storage.remove([...KEYS, ...KEYS.slice(0, 100)]), [
      ...KEYS.map(removed),
      ...KEYS.slice(0, 100).map(removed),
    ])
    assert.deepEqual(await everything(), [])
  })

  test('a key that cannot be removed says why, and its neighbours are removed', async () => {
    for (const key of KEYS) put(key)
    const odd: Readonly<Record<string, string>> = {
      '': 'the key is empty',
      'a//b': 'the key has an empty segment',
      '../up': 'the key has a segment ".."',
      'a\0b': 'the key holds a NUL',
      '\ud800': 'the key is not valid Unicode',
      [dirname(KEYS[4]!)]: 'a folder has this name',
    }
    const asked = [...KEYS.slice(0, 1000), ...Object.keys(odd), ...KEYS.slice(1000)]
    // The folder is asked for while its file is still there: it comes before it in key order.
    const answers = await storage.remove(asked)
    assert.deepEqual(
      answers,
      asked.map((key) => (key in odd ? { key, removed: false, reason: odd[key]! } : removed(key))),
    )
    assert.deepEqual(await everything(), [])
  })

  test('folders that are links are entered and stay', async () => {
    const other = await serverDirectory('remove-other', { inMemoryBytes: 2 ** 28 })
    try {
      await mkdir(join(root, 'cache'))
      await symlink(other, join(root, 'cache/accounts'))
      for (const key of KEYS) put(key)
      assert.deepEqual(await storage.remove(KEYS), KEYS.map(removed))
      assert.deepEqual(await readdir(other), [])
      assert.ok((await lstat(join(root, 'cache/accounts'))).isSymbolicLink())
    } finally {
      await removeServerDirectory(other)
    }
  })

  test('without its media folder nothing is called removed', async () => {
    for (const key of KEYS.slice(0, 100)) put(key)
    await rename(root, `${root}-unmounted`)
    await assert.rejects(storage.remove(KEYS), { code: 'storage-root' })
    await rename(`${root}-unmounted`, root)
    for (const key of KEYS.slice(0, 100)) assert.ok(existsSync(join(root, key)))
  })

  test('with an empty mount point in place of its media folder nothing is called removed, absent or moved', async () => {
    for (const key of KEYS.slice(0, 100)) put(key)
    assert.equal((await storage.stat(KEYS[0]!)).state, 'present')
    await rename(root, `${root}-unmounted`)
    await mkdir(root)
    const moved = { code: 'storage-moved' }
    await assert.rejects(storage.remove(KEYS), moved)
    await assert.rejects(storage.remove(KEYS.slice(0, 3)), moved)
    await assert.rejects(storage.stat(KEYS[0]!), moved)
    await assert.rejects(storage.move([{ from: KEYS[0]!, to: 'cornac/a.png' }], 'private'), moved)
    await rm(root, { recursive: true })
    await rename(`${root}-unmounted`, root)
    assert.deepEqual(await storage.remove(KEYS.slice(0, 3)), KEYS.slice(0, 3).map(removed))
    for (const key of KEYS.slice(3, 100)) assert.ok(existsSync(join(root, key)))
  })

  test('what another user owns is refused, key by key', async () => {
    for (const key of KEYS.slice(0, 200)) put(key)
    await chmod(root, 0o755)
    const open = KEYS[3]!
    if (process.getuid?.() === 0)
      for (let path = dirname(open); path !== '.'; path = dirname(path))
        await chown(join(root, path), 65534, 65534)
    else for (const key of KEYS.slice(0, 200)) if (key !== open) await chmod(dirname(join(root, key)), 0o555)
    const script = fileURLToPath(new URL('./storage-remove-folder.ts', import.meta.url))
    const user = process.getuid?.() === 0 ? ['65534'] : []
    const input = JSON.stringify(KEYS.slice(0, 200))
    const answers = JSON.parse(
      execFileSync(process.execPath, [script, root, ...user], { input, encoding: 'utf8' }),
    ) as Removal[]
    for (const answer of answers)
      if (answer.key === open) assert.deepEqual(answer, removed(open))
      else assert.deepEqual(answer, { key: answer.key, removed: false, reason: 'permission denied' })
    assert.equal(existsSync(join(root, open)), false)
    assert.equal((await everything()).filter((path) => path.endsWith('.png')).length, 199)
    for (const path of await everything()) await chmod(join(root, path), 0o755)
  })

  test('an abort ends with its reason, and nothing goes on afterwards', async () => {
    for (let i = 0; i < 12_000; i++) put(`cache/x/${Math.floor(i / 100)}/${i}.png`)
    const keys = Array.from({ length: 12_000 }, (_, i) => `cache/x/${Math.floor(i / 100)}/${i}.png`)
    const controller = new AbortController()
    const reason = new Error('enough')
    const work = storage.remove(keys, { signal: controller.signal })
    while (existsSync(join(root, keys[0]!))) await new Promise((resolve) => setTimeout(resolve, 1))
    controller.abort(reason)
    await assert.rejects(work, reason)
    const left = (await everything()).length
    assert.ok(left > 0, 'it was not over when it was told to end')
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal((await everything()).length, left)
    assert.deepEqual(await storage.remove(keys), keys.map(removed))
    await assert.rejects(storage.remove(keys, { signal: AbortSignal.abort(reason) }), reason)
  })

  test('several removals at once share the threads and get their own answers', async () => {
    for (const key of KEYS) put(key)
    const parts = [KEYS.slice(0, 800), KEYS.slice(800, 1600), KEYS.slice(1600), KEYS.slice(700, 900)]
    const answers = await Promise.all(parts.map((part) => storage.remove(part)))
    assert.deepEqual(
      answers,
      parts.map((part) => part.map(removed)),
    )
    assert.deepEqual(await everything(), [])
  })
})
