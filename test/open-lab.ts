/** Opens a lab instance exactly as the program opens a server: variables, configuration, compose. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openInstance } from '../src/compose.ts'
import type { Config } from '../src/config/config.ts'
import { loadConfig } from '../src/config/load.ts'
import type { OpenInstance } from '../src/core/ports/instance.ts'

export interface OpenLab {
  readonly instance: OpenInstance
  readonly config: Config
  /** Where scans are kept. */
  readonly stateDir: string
  close(): Promise<void>
}

/** `environment` holds Mastodon's variables; the process's own are not read. The little fediverse may be fetched from. */
export async function openLab(environment: Readonly<Record<string, string>>): Promise<OpenLab> {
  const home = await mkdtemp(join(tmpdir(), 'cornac-test-'))
  const stateDir = join(home, 'state')
  const config = await loadConfig(
    {},
    {
      environment: { ALLOWED_PRIVATE_ADDRESSES: '127.0.0.0/8', CORNAC_STATE_DIR: stateDir, ...environment },
      workingDirectory: home,
      home,
      root: false,
      applicationFolders: [],
      machineConfigFile: join(home, 'cornac.yaml'),
    },
  )
  const instance = openInstance(config, 'test')
  return {
    instance,
    config,
    stateDir,
    async close() {
      await instance.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}
