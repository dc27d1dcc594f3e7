import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** One tool that judges the source without running it. */
interface StaticCheck {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

const checks: readonly StaticCheck[] = [
  { name: 'format', command: 'oxfmt', args: ['--check'] },
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'types', command: 'tsc', args: ['-p', '.'] },
]

/** Runs formatter, linter and compiler side by side in `root`; prints one line each, and all output of those that complain. */
export async function runStaticChecks(root: string): Promise<boolean> {
  const verdicts = await Promise.all(
    checks.map(async (check) => {
      const began = performance.now()
      const { passed, output } = await run(check, root)
      const seconds = ((performance.now() - began) / 1000).toFixed(1)
      console.log(`${passed ? '✔' : '✖'} ${check.name} (${seconds} s)`)
      if (!passed) console.log(output.trimEnd())
      return passed
    }),
  )
  return verdicts.every(Boolean)
}

function run({ command, args }: StaticCheck, root: string): Promise<{ passed: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(join(root, 'node_modules', '.bin', command), args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      // the tools are JavaScript with a shebang: they shall run on the Node we run on
      env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}` },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text))
    child.once('error', (error) => resolve({ passed: false, output: error.message }))
    child.once('close', (code) => resolve({ passed: code === 0, output }))
  })
}
