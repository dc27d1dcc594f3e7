/**
 * `cornac` with small pages, and therefore small batches: a run of some hundred files has dozens of seams at which it can be
 * killed. Everything else is the program's own: its command line, its composition, its adapters.
 */
import module from 'node:module'

process.env['UV_THREADPOOL_SIZE'] ??= '16'
module.enableCompileCache()
// Imported after the cache is there: starting is half of what a short run does.
const [{ runCli }, { Output }, { processSurroundings }] = await Promise.all([
  import('../../src/apps/cli/cli.ts'),
  import('../../src/apps/cli/render/output.ts'),
  import('../../src/config/surroundings.ts'),
])

const interrupt = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => interrupt.abort(new Error('stopped by a signal')))

const terminal = (stream: NodeJS.WriteStream) => ({
  output: new Output(stream),
  isTerminal: false,
  columns: () => 100,
})

process.exit(
  await runCli({
    argv: process.argv.slice(2),
    version: '0.0.0',
    stdout: terminal(process.stdout),
    stderr: terminal(process.stderr),
    surroundings: processSurroundings(),
    signal: interrupt.signal,
    now: () => performance.now(),
    demo: () => Promise.reject(new Error('no demo here')),
    schedules: () => Promise.reject(new Error('no schedules here')),
    open: async (config) =>
      (await import('./open-small.ts')).openSmall(
        config,
        (word) => process.stderr.write(`${word}\n`),
        Number(process.env['FAULTS_PAUSE_MS'] ?? 0),
      ),
  }),
)
