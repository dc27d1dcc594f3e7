import { defineConfig } from 'oxlint'

/**
 * What the linter refuses; above all the walls between the folders of src (ARCHITECTURE.md). Imports are relative, so a
 * wall is a pattern over the text of an import. test/integration/walls.test.ts breaks every one of them on purpose.
 */

/**
 * Refuses imports whose text matches a pattern of `group` and none of those with a `!`, or the regular expression.
 * What a `!` lets pass passes every wall of its file: it must not be wider than the exception.
 */
type Wall =
  | { readonly group: string[]; readonly message: string }
  | { readonly regex: string; readonly message: string }

const climbs = ['./', '../', '../../', '../../../', '../../../../']

/** Refuses the named folders and files directly below src, however far up the import climbs to them. */
function toTop(names: readonly string[], message: string): Wall {
  return { group: climbs.flatMap((climb) => names.map((name) => climb + name)), message }
}

const toAdapters = toTop(
  ['adapters/**'],
  'Only compose.ts knows the adapters: ask for a port instead, and let compose.ts hand it over.',
)
const toApps = toTop(['apps/**'], 'Only main.ts imports the apps: what two doors share belongs in core.')
const toCompose = toTop(
  ['compose.ts', 'compose-schedules.ts'],
  'Only main.ts imports compose.ts and compose-schedules.ts: take what you need as an argument.',
)
const toMain = toTop(['main.ts'], 'main.ts is the program itself: nothing imports it.')
const toConfig = toTop(
  ['config/**'],
  'Settings are arguments here: only the apps and compose.ts know the configuration.',
)
const toLab = toTop(
  ['lab/**', 'test/**', 'bench/**', 'scripts/**'],
  'The lab, the tests and the tools are no part of the program (only apps/demo shows the lab).',
)

/**
 * Refuses what lies beside the own folder; `depth` folders up is the layer, further up is for the other walls. `except`
 * names the neighbours that may be visited.
 */
function neighbours(depth: number, message: string, except: readonly string[] = []): Wall {
  return { regex: `^(\\.\\./){${depth}}(${others(except).join('|')})`, message }
}

/**
 * Patterns that match every name but the given ones. The linter knows no look-ahead: any other name leaves each of them at
 * its first, second, ... letter.
 */
function others(names: readonly string[]): readonly string[] {
  const beginnings = new Set(['', ...names.flatMap((name) => name.split('').map((_, i) => name.slice(0, i)))])
  return [...beginnings].map((beginning) => {
    const letters = names.filter((name) => name.startsWith(beginning)).map((name) => name[beginning.length])
    return `${beginning}[^${beginning === '' ? '.' : ''}${letters.join('')}]`
  })
}

const drivers = ['@', 'pg', 'undici', 'htmlparser2', 'sharp', 'commander', 'dotenv']
const worldlyModules = [
  ...[
    'fs',
    'os',
    'process',
    'child_process',
    'cluster',
    'worker_threads',
    'module',
    'vm',
    'v8',
    'sqlite',
    'zlib',
  ],
  ...['net', 'tls', 'http', 'https', 'http2', 'dgram', 'dns', 'readline', 'timers', 'perf_hooks', 'test'],
]
const corePackages: Wall = {
  regex: `^((${drivers.join('|')})|(node:)?(${worldlyModules.join('|')})(/|$))`,
  message: 'Core knows no driver, HTTP, files, processes or clock: ask the world through core/ports.',
}
const coreWalls = [toAdapters, toApps, toCompose, toMain, toConfig, toLab, corePackages]

const onlyItself: Wall = {
  group: ['**', '!./**'],
  message: 'The model is pure data and functions: it imports only itself.',
}

const pureStages = '{reconcile,plan,cron-lint}'
const pure = 'This stage is pure: it imports core/model and core/errors.ts, no port and no other stage.'

const toVerbs: Wall = {
  group: [
    ...climbs.map((climb) => `${climb}core/**`),
    ...climbs.flatMap((climb) =>
      ['model/**', 'ports/**', 'errors.ts'].map((name) => `!${climb}core/${name}`),
    ),
  ],
  message:
    'An adapter answers a port: it imports core/model, core/ports and core/errors.ts, no verb of core.',
}
const toSignatures: Wall = {
  regex: '^@fedify(/|$)',
  message:
    'Only adapters/origin signs requests: everything else asks the ports of core/ports/origin.ts, which reach other servers through the address guard.',
}
const adapterWalls = [toApps, toCompose, toMain, toConfig, toLab, toVerbs]
/** Connections: to PostgreSQL, for Mastodon's tables and our own, and to Redis, for Sidekiq and the Rails cache. */
const sharedDrivers = ['postgres/', 'redis/']
const otherAdapter =
  'An adapter never imports another adapter folder: each part of the world stands alone, and compose.ts joins them.'

const appWalls = [toAdapters, toCompose, toMain, toSignatures]
const otherApp = 'An app never imports another app: what two doors share belongs in core.'

function walls(files: string, ...patterns: Wall[]) {
  return { files: [files], rules: { 'no-restricted-imports': ['error', { patterns }] as ['error', object] } }
}

// Where several overrides match a file, the last one to name a rule counts: special folders follow general ones.
export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'node', 'import'],
  categories: { correctness: 'error' },
  ignorePatterns: ['dist', 'node_modules'],
  rules: {
    'typescript/no-floating-promises': [
      'error',
      // node:test itself waits for what these return
      {
        allowForKnownSafeCalls: [
          { from: 'package', name: ['test', 'describe', 'it', 'suite'], package: 'node:test' },
        ],
      },
    ],
    // an array of several lines is sometimes clearest as several spread arrays
    'unicorn/no-useless-spread': 'off',
    'typescript/no-misused-promises': 'error',
    'typescript/await-thenable': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'import/no-cycle': 'error',
  },
  overrides: [
    {
      files: ['src/**/*.ts'],
      rules: {
        'no-console': 'error',
        'node/no-process-env': 'error',
        'no-restricted-properties': [
          'error',
          {
            object: 'Date',
            property: 'now',
            message: 'Time is asked of the Clock port, or comes as an argument.',
          },
        ],
      },
    },
    { files: ['src/config/**/*.ts'], rules: { 'node/no-process-env': 'off' } },
    {
      files: ['src/adapters/system/**/*.ts'],
      rules: { 'no-restricted-properties': 'off', 'no-console': 'off' },
    },
    { files: ['src/apps/cli/render/**/*.ts'], rules: { 'no-console': 'off' } },

    walls('src/*.ts', toAdapters, toApps, toCompose, toMain, toLab, toSignatures),
    walls('src/compose.ts', toApps, toMain, toLab, toSignatures),
    walls('src/compose-schedules.ts', toApps, toMain, toLab, toSignatures),
    walls('src/main.ts', toAdapters, toLab, toSignatures),
    walls('src/config/**/*.ts', toAdapters, toApps, toCompose, toMain, toLab, toSignatures),

    walls('src/core/**/*.ts', ...coreWalls),
    walls('src/core/model/**/*.ts', onlyItself),
    walls(`src/core/${pureStages}/*.ts`, corePackages, {
      group: ['../**', '!../model/**', '!../errors.ts'],
      message: pure,
    }),
    walls(`src/core/${pureStages}/*/*.ts`, corePackages, {
      group: ['../../**', '!../../model/**', '!../../errors.ts'],
      message: pure,
    }),

    walls('src/adapters/*/*.ts', ...adapterWalls, toSignatures, neighbours(1, otherAdapter, sharedDrivers)),
    walls('src/adapters/*/*/*.ts', ...adapterWalls, toSignatures, neighbours(2, otherAdapter, sharedDrivers)),
    walls('src/adapters/origin/*.ts', ...adapterWalls, neighbours(1, otherAdapter, sharedDrivers)),

    walls('src/apps/*/*.ts', ...appWalls, toLab, neighbours(1, otherApp)),
    walls('src/apps/*/*/*.ts', ...appWalls, toLab, neighbours(2, otherApp)),
    walls('src/apps/demo/*.ts', ...appWalls, neighbours(1, otherApp)),
    walls('src/apps/demo/*/*.ts', ...appWalls, neighbours(2, otherApp)),
    {
      // a test may look over every wall, and say what is always true
      files: ['**/*.test.ts'],
      rules: {
        'no-restricted-imports': 'off',
        'no-console': 'off',
        'node/no-process-env': 'off',
        'no-restricted-properties': 'off',
        'no-constant-binary-expression': 'off',
        'typescript/restrict-template-expressions': 'off',
      },
    },
  ],
})
