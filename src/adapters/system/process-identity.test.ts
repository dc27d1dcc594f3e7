import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { processIdentity } from './process-identity.ts'

const linux = { skip: existsSync('/proc/self/ns/pid') ? false : 'needs /proc' }

async function sleeper(): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn('sleep', ['60'])
  await once(child, 'spawn')
  return child as ChildProcess & { readonly pid: number }
}

async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

test('this process knows itself, and is not dead', linux, async () => {
  const self = await processIdentity.self()
  assert.equal(self.pid, process.pid)
  assert.match(self.machine ?? '', /^[0-9a-f-]{36} pid:\[\d+\]$/)
  assert.equal(self.started, await startOf(process.pid))
  assert.notEqual(self.host, '')
  assert.deepEqual(await processIdentity.self(), self)
  assert.equal(await processIdentity.isDead(self), false)
})

test('another process is alive until it ends, also while it stands still', linux, async () => {
  const { machine } = await processIdentity.self()
  const child = await sleeper()
  const name = { machine, pid: child.pid, started: await startOf(child.pid) }
  assert.equal(await processIdentity.isDead(name), false)
  child.kill('SIGSTOP')
  assert.equal(await processIdentity.isDead(name), false)
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  assert.equal(await processIdentity.isDead(name), true)
})

test('a process that has ended and that nobody has asked about yet is dead', linux, async () => {
  const { machine } = await processIdentity.self()
  // The shell starts a process that ends, becomes another program, and never asks what came of it.
  const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(line.toString().trim())
  try {
    const zombie = async (): Promise<boolean> =>
      / Z /.test(await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ''))
    for (let i = 0; i < 200 && !(await zombie()); i++) await new Promise((resolve) => setTimeout(resolve, 10))
    assert.ok(await zombie())
    assert.equal(await processIdentity.isDead({ machine, pid, started: await startOf(pid) }), true)
  } finally {
    parent.kill('SIGKILL')
  }
})

test(
  'the same number with another start is another process: the one asked about is dead',
  linux,
  async () => {
    const self = await processIdentity.self()
    assert.equal(await processIdentity.isDead({ ...self, started: '1' }), true)
  },
)

test('in doubt nobody is dead: another machine, another boot, no machine, no start', linux, async () => {
  const self = await processIdentity.self()
  const gone = { ...self, pid: 2_147_483_000 }
  assert.equal(await processIdentity.isDead(gone), true, 'the same machine, and no such process')
  for (const doubt of [
    { ...gone, machine: null },
    { ...gone, started: null },
    { ...gone, machine: self.machine?.replace(/pid:.*/, 'pid:[1]') ?? null },
    { ...gone, machine: `00000000-0000-0000-0000-000000000000 ${self.machine?.split(' ')[1]}` },
  ])
    assert.equal(await processIdentity.isDead(doubt), false)
})
