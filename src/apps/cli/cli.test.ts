import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { after, before, test } from 'node:test'
import { KnownError } from '../../core/errors.ts'
import type { OpenInstance } from '../../core/ports/instance.ts'
import { runCli, type CliWorld } from './cli.ts'
import type { Command } from './command.ts'
import type { CommandContext } from './context.ts'
import { EXIT_CODES, type ExitName } from './exit-codes.ts'
import { Output } from './render/output.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cornac-cli-'))
  await writeFile(join(folder, '.env.production'), 'LOCAL_DOMAIN=social.example\nDB_PASS=hunter2\n?\n')
})
after(() => rm(folder, { recursive: true, force: true }))

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

interface Circumstances {
  readonly run?: Command<Record<string, unknown>>['run']
  readonly command?: Partial<Command<Record<string, unknown>>>
  readonly terminal?: boolean
  readonly environment?: Record<string, string>
  readonly signal?: AbortSignal
  readonly open?: CliWorld['open']
  readonly stdout?: Writable
}

/** Runs a command line against one test command, `try it`. */
async function cornac(line: string, circumstances: Circumstances = {}): Promise<Ran> {
  const command: Command<Record<string, unknown>> = {
    name: 'try it',
    description: 'Tries it.',
    examples: [{ line: 'cornac try it', meaning: 'tries it' }],
    exitCodes: ['findings'],
    run: circumstances.run ?? (async () => 'done'),
    ...circumstances.command,
  }
  const out: string[] = []
  const err: string[] = []
  const isTerminal = circumstances.terminal === true
  const terminalOf = (stream: Writable) => ({ output: new Output(stream), isTerminal, columns: () => 100 })
  const world: CliWorld = {
    argv: line.split(' ').filter((word) => word !== ''),
    version: '1.2.3',
    stdout: terminalOf(circumstances.stdout ?? collect(out)),
    stderr: terminalOf(collect(err)),
    surroundings: {
      environment: { TERM: 'xterm', ...circumstances.environment },
      workingDirectory: folder,
      home: folder,
      root: false,
      applicationFolders: [],
      machineConfigFile: join(folder, 'none.yaml'),
    },
    signal: circumstances.signal ?? new AbortController().signal,
    now: () => performance.now(),
    demo: async () => assert.fail('the demo should not run'),
    schedules: async () => assert.fail('no schedule should be read'),
    open: circumstances.open ?? (async () => assert.fail('nothing should be opened')),
    commands: [
      { name: 'try it', summary: 'try it', load: async () => command },
      { name: 'other', summary: 'never loaded', load: async () => assert.fail('loaded without need') },
    ],
  }
  const code = await runCli(world)
  return { code, stdout: out.join(''), stderr: err.join('') }
}

function collect(into: string[]): Writable {
  return new Writable({
    write(chunk, _, done) {
      into.push(String(chunk))
      done()
    },
  })
}

/** One small result with both faces. */
function showing(data: Record<string, unknown>, text: string, needsPerson = false, exit: ExitName = 'done') {
  return async (context: CommandContext): Promise<ExitName> => {
    await context.out({ data, text: (paint) => `${paint.good(text)}\n`, needsPerson })
    return exit
  }
}

test('what a command says of its end becomes the exit code', async () => {
  for (const name of Object.keys(EXIT_CODES) as ExitName[]) {
    assert.equal((await cornac('try it', { run: async () => name })).code, EXIT_CODES[name].code)
  }
})

test('a result goes to stdout as text, and as one versioned JSON object with --json', async () => {
  const run = showing(
    { found: 3, id: 114567890123456789n, gone: undefined, by: new Map([['a', 1]]) },
    'found 3',
  )
  assert.deepEqual(await cornac('try it', { run }), { code: 0, stdout: 'found 3\n', stderr: '' })
  const { stdout } = await cornac('try it --json', { run })
  assert.deepEqual(JSON.parse(stdout), {
    cornac: '1.2.3',
    format: 1,
    verb: 'try it',
    found: 3,
    id: '114567890123456789',
    by: { a: 1 },
  })
  assert.ok(stdout.endsWith('}\n'))
})

test('a result larger than memory is written page by page, in both faces', async () => {
  async function* pages() {
    yield [{ id: 1 }, { id: 2 }]
    yield []
    yield [{ id: 3 }]
  }
  async function* text() {
    for await (const page of pages()) for (const { id } of page) yield `${id}\n`
  }
  async function* nothing() {}
  const run = async (context: CommandContext): Promise<ExitName> => {
    const data = { before: true, list: pages(), empty: nothing(), after: 1 }
    await context.out({ data, text, needsPerson: false })
    return 'done'
  }
  assert.equal((await cornac('try it', { run })).stdout, '1\n2\n3\n')
  const { list, empty, after } = JSON.parse((await cornac('try it --json', { run })).stdout)
  assert.deepEqual({ list, empty, after }, { list: [{ id: 1 }, { id: 2 }, { id: 3 }], empty: [], after: 1 })
})

test('--quiet shows only what needs a person, and never silences JSON or an error', async () => {
  assert.equal((await cornac('try it --quiet', { run: showing({}, 'all well') })).stdout, '')
  assert.equal((await cornac('try it --quiet', { run: showing({}, 'look', true) })).stdout, 'look\n')
  assert.match((await cornac('try it --quiet --json', { run: showing({}, 'x') })).stdout, /"verb":"try it"/)
  const noted = async (context: CommandContext): Promise<ExitName> => {
    context.note('by the way')
    throw new KnownError({ code: 'x', what: 'It failed', remedy: 'Try again' })
  }
  assert.equal((await cornac('try it --quiet', { run: noted })).stderr, 'cornac: It failed. Try again.\n')
})

test('colour appears on a terminal only, and not against NO_COLOR, --no-color or TERM=dumb', async () => {
  const run = showing({}, 'good')
  assert.ok((await cornac('try it', { run, terminal: true })).stdout.startsWith('\u001B[32mgood'))
  assert.equal((await cornac('try it', { run })).stdout, 'good\n')
  assert.equal((await cornac('try it --no-color', { run, terminal: true })).stdout, 'good\n')
  for (const environment of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
    assert.equal((await cornac('try it', { run, terminal: true, environment })).stdout, 'good\n')
  }
})

test('a known error is one sentence without a stack; its category decides the exit code', async () => {
  const cause = new Error('connect ECONNREFUSED to postgres://me:hunter2@db/x')
  const failWith = (category: 'usage' | 'failure') => async (): Promise<ExitName> => {
    throw new KnownError({
      code: 'no-database',
      what: 'The database is away',
      remedy: 'Start it',
      category,
      cause,
    })
  }
  const failed = await cornac('try it', { run: failWith('failure') })
  assert.deepEqual(failed, { code: 1, stdout: '', stderr: 'cornac: The database is away. Start it.\n' })
  assert.equal((await cornac('try it', { run: failWith('usage') })).code, 2)
  const verbose = await cornac('try it --verbose', { run: failWith('failure') })
  assert.match(verbose.stderr, /because: connect ECONNREFUSED to postgres:\/\/me:\[hidden\]@db\/x/)
})

test('with --json a known error is an object on stdout', async () => {
  const run = async (): Promise<ExitName> => {
    throw new KnownError({ code: 'no-database', what: 'The database is away', remedy: 'Start it' })
  }
  const { code, stdout, stderr } = await cornac('try it --json', { run })
  assert.equal(code, 1)
  assert.equal(stderr, '')
  assert.deepEqual(JSON.parse(stdout), {
    cornac: '1.2.3',
    format: 1,
    verb: 'try it',
    error: { code: 'no-database', message: 'The database is away', remedy: 'Start it' },
  })
})

test('anything else that is thrown is a defect: a stack, a request to report it, exit 1', async () => {
  const run = async (): Promise<ExitName> => {
    throw new TypeError('undefined is not a horse')
  }
  const { code, stderr, stdout } = await cornac('try it', { run })
  assert.equal(code, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /TypeError: undefined is not a horse\n\s+at .*cli\.test\.ts/)
  assert.match(stderr, /This is a defect in Cornac\. Please report it/)
  const json = await cornac('try it --json', { run })
  assert.equal(JSON.parse(json.stdout).error.code, 'defect')
  assert.match(json.stderr, /at .*cli\.test\.ts/)
})

test('all problems of a configuration are listed, in JSON one by one', async () => {
  const env = join(folder, 'wrong.env')
  await writeFile(env, 'LOCAL_DOMAIN=x.example\nDB_PORT=x\nREDIS_PORT=y\n')
  const run = async (context: CommandContext): Promise<ExitName> => {
    await context.config()
    return 'done'
  }
  const { code, stderr } = await cornac(`try it --env-file ${env}`, { run })
  assert.equal(code, 2)
  assert.match(
    stderr,
    /has 2 problems:\n {2}.*wrong\.env:2\n {4}DB_PORT is "x".*\n {4}Give one.*\n {2}.*wrong\.env:3\n/,
  )
  const json = JSON.parse((await cornac(`try it --json --env-file ${env}`, { run })).stdout)
  assert.equal(json.error.code, 'configuration')
  assert.deepEqual(
    json.error.problems.map((problem: { setting: string }) => problem.setting),
    ['DB_PORT', 'REDIS_PORT'],
  )
})

test('the configuration is loaded once, the server opened once and closed whatever happens', async () => {
  for (const ending of ['returns', 'throws']) {
    let opened = 0
    let closed = 0
    const open = async (): Promise<OpenInstance> => {
      opened++
      const close = async (): Promise<void> => {
        closed++
      }
      return { close } as OpenInstance
    }
    const run = async (context: CommandContext): Promise<ExitName> => {
      assert.equal(await context.config(), await context.config())
      assert.equal(await context.instance(), await context.instance())
      if (ending === 'throws') throw new Error('halfway')
      return 'done'
    }
    const { stderr } = await cornac('try it', { run, open })
    assert.deepEqual({ opened, closed }, { opened: 1, closed: 1 }, ending)
    assert.match(stderr, /cornac: .*\.env\.production:3 is not of the form NAME=value/)
  }
})

test('options become values: texts, switches, lists, checked ones', async () => {
  let seen: object = {}
  let words: readonly string[] = []
  const run = async (context: CommandContext<Record<string, unknown>>): Promise<ExitName> => {
    seen = context.options
    words = context.words
    return 'done'
  }
  const command = {
    arguments: [{ name: '[thing...]', description: 'what to try' }],
    options: [
      { flags: '--domain <name>', description: 'only this domain', repeatable: true },
      { flags: '--include-follows', description: 'these too' },
      {
        flags: '-n, --count <n>',
        description: 'how many',
        read: (text: string) => (/^\d+$/.test(text) ? Number(text) : undefined),
        expects: 'a whole number',
      },
    ],
  }
  await cornac('try it a --domain x --count 3 --domain y b --include-follows', { run, command })
  assert.deepEqual(seen, { domain: ['x', 'y'], includeFollows: true, count: 3 })
  assert.deepEqual(words, ['a', 'b'])
  await cornac('try it', { run, command })
  assert.deepEqual(seen, { domain: [] })
  const wrong = await cornac('try it --count many', { run, command })
  assert.equal(wrong.code, 2)
  assert.equal(wrong.stderr, 'cornac: --count cannot be "many". Give a whole number.\n')
})

test('an option that stands for a setting overrides the configuration', async () => {
  let concurrency: number | undefined
  const run = async (context: CommandContext): Promise<ExitName> => {
    concurrency = (await context.config()).scan.concurrency
    assert.deepEqual(context.options, {})
    return 'done'
  }
  const command = {
    options: [
      { flags: '--concurrency <n>', description: 'side by side', setting: 'scan.concurrency' as const },
    ],
  }
  await cornac('try it --concurrency 7', { run, command })
  assert.equal(concurrency, 7)
  const wrong = await cornac('try it --concurrency 700', { run, command })
  assert.equal(wrong.code, 2)
  assert.match(
    wrong.stderr,
    /^cornac: --concurrency: scan\.concurrency is 700, .* Give a whole number from 1 to 64\.\n$/,
  )
})

test('words that are not understood are answered with the nearest ones, in one sentence, with exit 2', async () => {
  const sentences: readonly [string, RegExp][] = [
    ['tyr', /^cornac: There is no command cornac tyr\. Did you mean cornac try\? See cornac --help\.\n$/],
    [
      'try ti',
      /^cornac: There is no command cornac try ti\. Did you mean cornac try it\? See cornac try --help\.\n$/,
    ],
    [
      'try it --quite',
      /^cornac: There is no option --quite for cornac try it\. Did you mean --quiet\? See .*\n$/,
    ],
    [
      'try it --banana',
      /^cornac: There is no option --banana for cornac try it\. See cornac try it --help\.\n$/,
    ],
    ['try it --config', /^cornac: The option --config <file> lacks its value\. See cornac .*--help\.\n$/],
    ['try it too', /^cornac: There are too many words after cornac try it\. See cornac try it --help\.\n$/],
  ]
  for (const [line, expected] of sentences) {
    const { code, stdout, stderr } = await cornac(line)
    assert.equal(code, 2, line)
    assert.equal(stdout, '')
    assert.match(stderr, expected)
  }
  const { stdout } = await cornac('try it --banana --json')
  assert.deepEqual(JSON.parse(stdout).error.code, 'usage')
})

test('help lists commands without loading them and ends with the table of exit codes', async () => {
  const { code, stdout } = await cornac('--help')
  assert.equal(code, 0)
  for (const { code: exit, meaning } of Object.values(EXIT_CODES)) {
    assert.match(stdout, new RegExp(`^ *${exit}  ${meaning}$`, 'm'))
  }
  assert.match(stdout, /other +never loaded/)
})

test('help of a command shows its options, examples and the ends it can have', async () => {
  const command = { options: [{ flags: '--special <thing>', description: 'special indeed' }] }
  for (const line of ['try it --help', 'help try it', '--help try it']) {
    const { code, stdout } = await cornac(line, { command })
    assert.equal(code, 0)
    if (line.startsWith('--')) continue
    assert.match(stdout, /Tries it\.\n[^]*--special <thing> +special indeed[^]*cornac try it\n +tries it/)
    assert.match(stdout, /^ +3 {2}done, and something/m)
    assert.doesNotMatch(stdout, /^ +5 {2}/m)
  }
})

test('no verb at all is a mistake that is answered with the help', async () => {
  const { code, stdout, stderr } = await cornac('')
  assert.equal(code, 2)
  assert.equal(stdout, '')
  assert.match(stderr, /^Usage: cornac/)
})

test('an abort ends with 130 and a word, and leaves no listener behind', async () => {
  const controller = new AbortController()
  const run = async (context: CommandContext): Promise<ExitName> => {
    setImmediate(() => controller.abort(new Error('stopped by a signal')))
    await new Promise((_, reject) => {
      context.signal.addEventListener('abort', () => reject(context.signal.reason), { once: true })
    })
    return 'done'
  }
  const { code, stderr } = await cornac('try it', { run, signal: controller.signal })
  assert.equal(code, 130)
  assert.equal(stderr, 'cornac: Stopping. Press Ctrl-C again to stop at once.\ncornac: Interrupted.\n')
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
})

test('progress is drawn on a terminal and gone before the result; elsewhere nothing short is told', async () => {
  const run = async (context: CommandContext): Promise<ExitName> => {
    context.progress.stage('Reading avatars', 10)
    context.progress.advance(5)
    await context.out({ data: {}, text: () => 'result\n', needsPerson: false })
    context.progress.done()
    return 'done'
  }
  const { stderr, stdout } = await cornac('try it', { run, terminal: true })
  assert.match(stderr, /Reading avatars/)
  assert.ok(stderr.endsWith('\r\u001B[K'), JSON.stringify(stderr))
  assert.equal(stdout, 'result\n')
  assert.match((await cornac('try it --json', { run, terminal: true })).stderr, /Reading avatars/)
  for (const line of ['try it', 'try it --json']) assert.equal((await cornac(line, { run })).stderr, '')
  assert.equal((await cornac('try it --quiet', { run, terminal: true })).stderr, '')
})

test('a reader that goes away is no failure; the rest of the result is not even made', async () => {
  const stdout = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    },
  })
  let made = 0
  const run = async (context: CommandContext): Promise<ExitName> => {
    async function* text() {
      for (; made < 1000; made++) {
        yield 'x'.repeat(20_000)
        await new Promise(setImmediate)
      }
    }
    await context.out({ data: {}, text, needsPerson: false })
    return 'findings'
  }
  const { code, stderr } = await cornac('try it', { run, stdout })
  assert.deepEqual({ code, stderr }, { code: 3, stderr: '' })
  assert.ok(made < 10, String(made))
})

test('a full disk under the result is a failure with a sentence', async () => {
  const stdout = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('no space left'), { code: 'ENOSPC' }))
    },
  })
  const { code, stderr } = await cornac('try it', { run: showing({}, 'x'), stdout })
  assert.equal(code, 1)
  assert.match(stderr, /^cornac: The result could not be written \(ENOSPC\)\. Check the disk/)
})

test('a slow reader holds the writer back instead of filling memory', async () => {
  let pending = 0
  let largest = 0
  const stdout = new Writable({
    highWaterMark: 10,
    write(_chunk, _encoding, done) {
      setImmediate(() => {
        pending--
        done()
      })
    },
  })
  const run = async (context: CommandContext): Promise<ExitName> => {
    async function* text() {
      for (let i = 0; i < 100; i++) {
        largest = Math.max(largest, ++pending)
        yield 'twenty characters...'
      }
    }
    await context.out({ data: {}, text, needsPerson: false })
    return 'done'
  }
  assert.equal((await cornac('try it', { run, stdout })).code, 0)
  assert.ok(largest <= 2, String(largest))
})
