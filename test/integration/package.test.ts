import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'

const root = dirname(dirname(import.meta.dirname))

describe('the package, as npm would publish it', () => {
  let folder: string
  let packed: readonly string[]
  // the commands of the project's own Node, also for npm's shebang and for the installed command
  const PATH = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter)

  before(
    async () => {
      folder = await mkdtemp(join(tmpdir(), 'cornac-package-'))
      const { stdout } = await npm(root, 'pack', '--json', '--pack-destination', folder)
      // what the build prints comes before the report
      const report = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as
        | { filename: string; files: { path: string }[] }[]
        | Record<string, { filename: string; files: { path: string }[] }>
      const [entry] = Object.values(report)
      assert.ok(entry !== undefined)
      packed = entry.files.map(({ path }) => path)
      await writeFile(join(folder, 'package.json'), '{ "private": true }')
      await npm(
        folder,
        'install',
        '--prefer-offline',
        '--no-audit',
        '--no-fund',
        join(folder, entry.filename),
      )
    },
    { timeout: 110_000 },
  )
  after(() => rm(folder, { recursive: true, force: true }))

  test('says its version and explains itself', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    assert.match(
      (await cornac('--version')).stdout,
      new RegExp(`(^|\\s)${version.replaceAll('.', '\\.')}\\s*$`),
    )
    assert.match((await cornac('--help')).stdout, /usage/i)
  })

  test('carries no tests, no TypeScript and nothing of the workshop', () => {
    const unwanted = packed.filter((path) =>
      /\.ts$|\.test\.|^(test|bench|scripts|src|lab|node_modules)\//.test(path),
    )
    assert.deepEqual(unwanted, [])
    assert.ok(packed.includes('dist/src/main.js') && packed.includes('bin/cornac'))
  })

  test('carries every file that the program reads at run time', async () => {
    const files = await readdir(join(root, 'src'), { recursive: true })
    const read = files
      .filter((path) => /\.(sql|json|css|html|svg)$/.test(path))
      .map((path) => join('dist/src', path))
    assert.deepEqual(
      read.filter((path) => !packed.includes(path)),
      [],
    )
  })

  function npm(cwd: string, ...args: string[]): Promise<{ stdout: string }> {
    // npm run sets variables for its own children; a folder elsewhere is another project
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
    return promisify(execFile)('npm', args, { cwd, env: { ...env, PATH }, maxBuffer: 2 ** 26 })
  }

  function cornac(...args: string[]): Promise<{ stdout: string }> {
    return promisify(execFile)(join(folder, 'node_modules', '.bin', 'cornac'), args, {
      cwd: folder,
      env: { ...process.env, PATH },
    })
  }
})
