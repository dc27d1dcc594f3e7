/**
 * Makes a fresh checkout ready: `node scripts/prepare.mjs --for demo|test|check|bench`. Runs on the machine's own Node
 * (18 or later) with nothing installed yet, hence plain JavaScript without dependencies.
 *
 * For all of them: the npm packages of package-lock.json. For `test` and `bench` also the servers of
 * lab/servers/packages.json, from Debian packages where we may install them; elsewhere it says what is missing and goes on,
 * and the tests that need it are skipped. Where everything is there already it does nothing and prints nothing.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const purposes = ['demo', 'test', 'check', 'bench']
const purpose = process.argv[process.argv.indexOf('--for') + 1]

if (!process.argv.includes('--for') || !purposes.includes(purpose)) {
  say(`usage: node scripts/prepare.mjs --for ${purposes.join('|')}`)
  process.exitCode = 2
} else if (!npmPackagesAreCurrent() && !installNpmPackages()) {
  process.exitCode = 1
} else if (purpose === 'test' || purpose === 'bench') {
  prepareServers()
}

/**
 * True if node_modules holds what package-lock.json asks for. npm's own note of what it installed is compared entry by
 * entry; times of modification would lie after a git checkout. Optional packages may be absent (other platforms).
 */
function npmPackagesAreCurrent() {
  const installedFile = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installedFile) || !existsSync(join(root, 'node_modules', '.bin', 'node'))) return false
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    if (installed[path] === undefined) return entry.optional === true || entry.devOptional === true
    return installed[path].version === entry.version
  })
}

function installNpmPackages() {
  say('installing npm packages')
  // npm puts node_modules/.bin first on PATH; the Node in there is about to be replaced and must not run the replacement
  const PATH = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')))
    .join(delimiter)
  const env = { ...process.env, PATH }
  const { npm_execpath: script, npm_node_execpath: node } = process.env
  const viaNpm = script !== undefined && node !== undefined && !node.includes(join(root, 'node_modules'))
  const npm = (...args) =>
    spawnSync(viaNpm ? node : 'npm', [...(viaNpm ? [script] : []), ...args, '--no-audit', '--no-fund'], {
      cwd: root,
      env,
      stdio: ['ignore', 2, 'pipe'],
      encoding: 'utf8',
    })
  const exact = npm('ci')
  if (exact.status === 0) return true
  // A registry that lacks the programs of other platforms leaves them out of the lock file, and `npm ci` then refuses all
  // of it; `npm install` takes the same versions, and writes nothing with --no-save.
  const isOutOfStep = /EUSAGE/.test(exact.stderr ?? '')
  if (isOutOfStep && npm('install', '--no-save').status === 0) return true
  process.stderr.write(exact.stderr ?? '')
  say(
    `\`npm ci\` failed${exact.error === undefined ? '' : ` (${exact.error.message})`}; its messages are above.`,
  )
  return false
}

function prepareServers() {
  const table = JSON.parse(readFileSync(join(root, 'lab', 'servers', 'packages.json'), 'utf8'))
  const missing = Object.values(table).filter(({ programs }) => !programs.every(isInstalled))
  if (missing.length === 0) return
  const packages = missing.flatMap((server) => server.packages)
  if (mayInstall() && installDebianPackages(packages)) return
  say(
    `not installed: ${missing.map(({ title }) => title).join(', ')}. What needs them is skipped, or fails where CI is set.`,
  )
  say(
    `to install them on Debian or Ubuntu: sudo apt-get install --no-install-recommends ${packages.join(' ')}`,
  )
}

function isInstalled(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function mayInstall() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && isInstalled('apt-get')
}

function installDebianPackages(packages) {
  say(`installing Debian packages: ${packages.join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args) => spawnSync('apt-get', args, { env, stdio: ['ignore', 2, 2] }).status === 0
  return withServicesHeldBack(() => {
    // an outdated list of packages may still do, where the network does not
    apt('-qq', 'update')
    return apt('install', '-y', '-qq', '--no-install-recommends', ...packages)
  })
}

/**
 * Debian starts a service as soon as it is installed; the lab starts its own. A policy file that answers 101 (forbidden by
 * policy, see invoke-rc.d) prevents that. A policy of the machine's own is left as it is.
 */
function withServicesHeldBack(work) {
  const policy = '/usr/sbin/policy-rc.d'
  let ours = false
  try {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' })
    ours = true
  } catch {
    // there is one already, or /usr is read-only
  }
  // Ctrl-C reaches apt-get, which ends; then we go on here and take the policy away
  const ignore = () => {}
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, ignore)
  try {
    return work()
  } finally {
    if (ours) rmSync(policy, { force: true })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, ignore)
  }
}

function say(line) {
  process.stderr.write(`prepare: ${line}\n`)
}
