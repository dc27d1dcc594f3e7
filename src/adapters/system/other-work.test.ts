import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { otherWork } from './other-work.ts'

const linux = { skip: existsSync('/proc/self/cmdline') ? false : 'needs /proc' }

test('the hour is that of the process’s time zone, with its fraction, also where it changes', () => {
  const before = process.env['TZ']
  try {
    for (const [zone, time, hour] of [
      ['UTC', '2026-11-21T02:50:00Z', 2 + 50 / 60],
      ['Europe/Berlin', '2026-11-21T02:50:00Z', 3 + 50 / 60],
      ['Europe/Berlin', '2026-07-21T02:50:00Z', 4 + 50 / 60],
      ['Asia/Kathmandu', '2026-11-21T00:00:36Z', 5.76],
      ['America/Los_Angeles', '2026-11-21T02:00:00Z', 18],
    ] as const) {
      process.env['TZ'] = zone
      assert.ok(Math.abs(otherWork.localHour(Date.parse(time)) - hour) < 1e-9, `${zone} ${time}`)
    }
  } finally {
    if (before === undefined) delete process.env['TZ']
    else process.env['TZ'] = before
  }
})

describe('tootctl at work', linux, () => {
  let folder = ''
  let tootctl = ''
  const children = new Set<ChildProcess>()

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cornac-tootctl-'))
    tootctl = join(folder, 'tootctl')
    // A title in its environment it takes for its own, as Bundler has scripts do.
    await writeFile(
      tootctl,
      "if (process.env.TITLE) process.title = process.env.TITLE\nprocess.stdout.write('ready')\nsetTimeout(() => {}, 60_000)\n",
    )
    await writeFile(join(folder, 'sleeper.sh'), 'echo ready\nexec 2>/dev/null\nread line\n')
    await writeFile(join(folder, 'tootctl.sh'), '#!/bin/sh\necho ready\nread line\n')
    await chmod(join(folder, 'tootctl.sh'), 0o755)
  })
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })

  /** The lines of tootctl that are seen while this runs, of those that this test started. */
  async function seenWhile(command: string, words: readonly string[], env = {}): Promise<readonly string[]> {
    const child = spawn(command, words, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    })
    children.add(child)
    try {
      await once(child.stdout, 'data')
      const title = (env as { TITLE?: string }).TITLE
      return (await otherWork.runningTootctl()).filter(
        (line) => line.includes(folder) || (title !== undefined && line === title),
      )
    } finally {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      children.delete(child)
    }
  }

  for (const line of [
    'media remove --days 7',
    'media remove-orphans',
    'media remove_orphans --dry-run',
    'media refresh --status 1',
    'accounts prune',
    'accounts cull example.org',
    'accounts refresh --all',
    'acc cull',
    'statuses remove',
    'preview_cards remove',
    'emoji purge',
    'domains purge example.org',
    'upgrade storage-schema',
    'maintenance fix-duplicates',
  ])
    test(`is seen: tootctl ${line}`, async () => {
      assert.deepEqual(await seenWhile(process.execPath, [tootctl, ...line.split(' ')]), [
        `${process.execPath} ${tootctl} ${line}`,
      ])
    })

  for (const line of [
    'media usage',
    'media lookup x',
    'accounts create bob',
    'statuses',
    'version',
    '--help',
    '',
  ])
    test(`changes no media, and is not seen: tootctl ${line}`, async () => {
      assert.deepEqual(await seenWhile(process.execPath, [tootctl, ...line.split(' ').filter(Boolean)]), [])
    })

  test('a program that wrote its own line over its arguments is seen by that', async () => {
    const title = 'bin/tootctl media remove --days 7'
    assert.deepEqual(
      await seenWhile(process.execPath, [tootctl, 'and', 'room', 'for', 'the', 'title'], { TITLE: title }),
      [title],
    )
  })

  test('who only mentions it is not at work: shells, editors, other scripts, and Cornac itself', async () => {
    for (const words of [
      ['sh', '-c', `echo ready; : "${folder}"; read line; ${tootctl} media remove`],
      ['sh', join(folder, 'sleeper.sh'), tootctl],
      ['sh', join(folder, 'sleeper.sh'), tootctl, 'media'],
      ['sh', join(folder, 'sleeper.sh'), `${tootctl}.rb`, 'media', 'remove'],
      ['sh', join(folder, 'tootctl.sh'), 'media', 'remove'],
      ['sh', join(folder, 'sleeper.sh'), '/usr/bin/cornac', 'tootctl', 'media', 'remove'],
      ['sh', join(folder, 'sleeper.sh'), 'src/main.ts', 'tootctl', 'media', 'remove'],
    ])
      assert.deepEqual(await seenWhile(words[0] ?? '', words.slice(1)), [], words.join(' '))
    // The same script is seen where it is tootctl that it runs.
    assert.equal((await seenWhile('sh', [join(folder, 'sleeper.sh'), tootctl, 'media', 'remove'])).length, 1)
  })
})
