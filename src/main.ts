/** The executable: argv, signals, exit code; joins compose and the apps. */
import packageFile from '../package.json' with { type: 'json' }
import { runCli, type Terminal } from './apps/cli/cli.ts'
import { Output } from './apps/cli/render/output.ts'
import { processSurroundings } from './config/surroundings.ts'

const interrupt = new AbortController()

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The first signal asks the work to stop where it can be resumed; the second finds no handler and ends the process. */
function onSignal(): void {
  for (const signal of SIGNALS) process.off(signal, onSignal)
  interrupt.abort(new Error('stopped by a signal'))
}
for (const signal of SIGNALS) process.on(signal, onSignal)

function terminal(stream: NodeJS.WriteStream): Terminal {
  return {
    output: new Output(stream),
    isTerminal: stream.isTTY === true,
    columns: () => stream.columns ?? 100,
  }
}

const code = await runCli({
  argv: process.argv.slice(2),
  version: packageFile.version,
  stdout: terminal(process.stdout),
  stderr: terminal(process.stderr),
  surroundings: processSurroundings(),
  signal: interrupt.signal,
  now: () => performance.now(),
  // Imported on use: what needs no server must not wait for the drivers.
  demo: async (options) => {
    const [{ runDemo }, { openInstance }] = await Promise.all([
      import('./apps/demo/demo.ts'),
      import('./compose.ts'),
    ])
    return runDemo((config) => openInstance(config, packageFile.version), options)
  },
  schedules: async () => (await import('./compose-schedules.ts')).openSchedules(process.stdin),
  open: async (config) => (await import('./compose.ts')).openInstance(config, packageFile.version),
})
process.exit(code)
