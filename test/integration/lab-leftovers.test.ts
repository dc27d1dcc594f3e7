import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { processStart } from '../../lab/servers/process-identity.ts'
import { needs } from '../needs.ts'

const servers = join(dirname(dirname(import.meta.dirname)), 'lab', 'servers')

/** What a parent program tells of the servers it started. */
interface Told {
  readonly pids: readonly number[]
  readonly directories: readonly string[]
}

describe('servers whose parent ends without stopping them', needs('postgres', 'redis'), () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cornac-leftovers-'))
    await chmod(folder, 0o755) // started by root, PostgreSQL runs as somebody else
  })
  const parents: { pid: number; ended: Promise<unknown> }[] = []
  after(async () => {
    for (const { pid, ended } of parents) {
      if (processStart(pid) !== undefined) process.kill(pid, 'SIGTERM')
      await ended
    }
    await rm(folder, { recursive: true, force: true })
  })

  /** A program that starts a PostgreSQL and a Redis, tells about them, and then does `ending`. */
  async function parent(
    ending: string,
    beginning = '',
  ): Promise<{ told: Told; pid: number; ended: Promise<unknown> }> {
    const program = join(folder, `parent-${ending.length}.ts`)
    await writeFile(
      program,
      `import { readdirSync, readFileSync } from 'node:fs'
import { startPostgres } from '${servers}/postgres.ts'
import { startRedis } from '${servers}/redis.ts'
import { registryDirectory } from '${servers}/registry.ts'
${beginning}
await Promise.all([startPostgres(), startRedis()])
const entries = readdirSync(registryDirectory())
  .map((name) => JSON.parse(readFileSync(registryDirectory() + '/' + name, 'utf8')))
  .filter((entry) => entry.parentPid === process.pid)
console.log(JSON.stringify({ pids: entries.map((e) => e.pid), directories: entries.map((e) => e.directory) }))
${ending}
`,
    )
    // a temporary directory of its own, hence a registry of its own: no other run on this machine cleans up meanwhile
    const child = spawn(process.execPath, [program], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, TMPDIR: folder },
    })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    parents.push({ pid: child.pid as number, ended })
    for await (const line of createInterface({ input: child.stdout })) {
      const told = JSON.parse(line) as Told
      assert.equal(told.pids.length, 2)
      return { told, pid: child.pid as number, ended }
    }
    throw new Error('the parent program said nothing')
  }

  async function areGone({ pids, directories }: Told): Promise<void> {
    for (let patience = 100; patience > 0 && pids.some((pid) => processStart(pid) !== undefined); patience--)
      await delay(50)
    assert.deepEqual(
      pids.map((pid) => processStart(pid)),
      [undefined, undefined],
    )
    assert.deepEqual(
      directories.filter((directory) => existsSync(directory)),
      [],
    )
  }

  test('are gone after an uncaught error', async () => {
    const { told, ended } = await parent("throw new Error('crash')")
    await ended
    await areGone(told)
  })

  test('are gone after process.exit', async () => {
    const { told, ended } = await parent('process.exit(0)')
    await ended
    await areGone(told)
  })

  test('are gone when the program simply ends: a server does not keep it alive', async () => {
    const { told, ended } = await parent('')
    await ended
    await areGone(told)
  })

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    test(`are gone after ${signal}`, async () => {
      const { told, pid, ended } = await parent('setInterval(() => {}, 1000)')
      process.kill(pid, signal)
      await ended
      await areGone(told)
    })
  }

  test('are left in peace by a signal that the program itself handles, until it ends', async () => {
    // a handler like that of src/main.ts: it takes itself off the list, so that a second signal ends the program
    const beginning = `
let told = []
const own = () => {
  process.off('SIGTERM', own)
  setTimeout(() => process.exit(told.filter((pid) => process.kill(pid, 0)).length), 300)
}
process.on('SIGTERM', own)`
    const { told, pid, ended } = await parent(
      'told = entries.map((e) => e.pid)\nsetInterval(() => {}, 1000)',
      beginning,
    )
    process.kill(pid, 'SIGTERM')
    assert.equal(await ended, 2)
    await areGone(told)
  })

  test('are ended by the next start after SIGKILL, while those of a living parent stay', async () => {
    const killed = await parent('setInterval(() => {}, 1000)')
    const living = await parent('setInterval(() => {}, 1001)')
    process.kill(killed.pid, 'SIGKILL')
    await killed.ended
    assert.ok(killed.told.pids.every((pid) => processStart(pid) !== undefined))
    const next = `import { endLeftovers } from '${servers}/registry.ts'\nendLeftovers()\n`
    await new Promise((resolve, reject) => {
      execFile(
        process.execPath,
        ['--input-type=module', '-e', next],
        { env: { ...process.env, TMPDIR: folder } },
        (error) => (error === null ? resolve(undefined) : reject(error)),
      )
    })
    await areGone(killed.told)
    assert.ok(living.told.pids.every((pid) => processStart(pid) !== undefined))
    process.kill(living.pid, 'SIGTERM')
    await living.ended
    await areGone(living.told)
  })
})
