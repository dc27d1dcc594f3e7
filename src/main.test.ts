import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { mkdtemp, open, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cornac-main-'))
  await writeFile(join(folder, '.env.production'), 'LOCAL_DOMAIN=social.example\nDB_PASS=hunter2\n')
})
after(() => rm(folder, { recursive: true, force: true }))

/** A plain environment: what the tests run under must not configure Cornac. */
const env = { PATH: process.env['PATH'], HOME: '/nonexistent' }

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function cornac(...argv: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--', main, ...argv], { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

test('--version and --help answer on stdout with 0', async () => {
  const [version, help] = await Promise.all([cornac('--version'), cornac('--help')])
  assert.match(version.stdout, /^\d+\.\d+\.\d+\S*\n$/)
  assert.deepEqual([version.code, version.stderr], [0, ''])
  assert.match(help.stdout, /^Usage: cornac[^]*Exit codes:/)
  assert.deepEqual([help.code, help.stderr], [0, ''])
})

test('an unknown verb is one sentence and 2', async () => {
  const { code, stdout, stderr } = await cornac('cofnig')
  assert.deepEqual([code, stdout], [2, ''])
  assert.equal(
    stderr,
    'cornac: There is no command cornac cofnig. Did you mean cornac config? See cornac --help.\n',
  )
})

test('config check tells what was understood, without the password', async () => {
  const [text, json] = await Promise.all([cornac('config', 'check'), cornac('config', 'check', '--json')])
  assert.equal(text.code, 0)
  assert.match(text.stdout, /user +mastodon, password set/)
  const { cornac: version, format, verb, configuration } = JSON.parse(json.stdout)
  assert.deepEqual([typeof version, format, verb], ['string', 1, 'config check'])
  assert.equal(configuration.instance.localDomain, 'social.example')
  assert.ok(!(text.stdout + json.stdout).includes('hunter2'))
})

test('a settings file that is not there is one sentence without a stack, and 2', async () => {
  const { code, stderr } = await cornac('config', 'check', '--env-file', 'no.env')
  assert.equal(code, 2)
  assert.match(
    stderr,
    /^cornac: .*no\.env: There is no such file\. Correct the path given with --env-file; .*\n$/,
  )
})

test('a reader that closes early ends it quietly', async () => {
  const command = `"$NODE" -- "$MAIN" --help | true; echo "\${PIPESTATUS[0]}"`
  const run = promisify(execFile)
  const { stdout, stderr } = await run('bash', ['-c', command], {
    cwd: folder,
    env: { ...env, NODE: process.execPath, MAIN: main },
  })
  assert.deepEqual([stdout, stderr], ['0\n', ''])
})

test('a long answer into a pipe arrives whole', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `this is not a setting ${i}`).join('\n')
  await writeFile(join(folder, 'long.env'), `LOCAL_DOMAIN=x.example\n${lines}\n`)
  const child = spawn(process.execPath, ['--', main, 'config', 'check', '--json', '--env-file', 'long.env'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let stdout = ''
  child.stdout.setEncoding('utf8')
  for await (const piece of child.stdout) stdout += piece
  assert.equal(JSON.parse(stdout).configuration.notes.length, 20_000)
})

/** A pipe without a reader refuses a writer who would not wait. */
async function waitForReader(pipe: string): Promise<FileHandle> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      return await open(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  return assert.fail('the command never began to read')
}

test(
  'the first signal asks to stop, the second ends the process at once, whatever it waits for',
  { timeout: 60_000 },
  async () => {
    // Nobody ever writes into the pipe, so reading the settings lasts until the process is ended.
    const pipe = join(folder, 'never.env')
    await promisify(execFile)('mkfifo', [pipe])
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const child = spawn(process.execPath, ['--', main, 'config', 'check', '--env-file', pipe], {
        cwd: folder,
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let writer: FileHandle | undefined
      try {
        // Opening a pipe for writing succeeds once somebody reads it: the command is at work.
        writer = await waitForReader(pipe)
        child.kill(signal)
        child.stderr.setEncoding('utf8')
        const [told] = await once(child.stderr, 'data')
        assert.equal(told, 'cornac: Stopping. Press Ctrl-C again to stop at once.\n')
        child.kill(signal)
        assert.deepEqual(await once(child, 'exit'), [null, signal])
      } finally {
        child.kill('SIGKILL')
        await writer?.close()
      }
    }
  },
)
