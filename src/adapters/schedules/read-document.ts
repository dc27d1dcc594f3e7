import type { ScheduleDocument } from '../../core/model/scheduled.ts'
import { readCrontab } from './cron/read-crontab.ts'
import { readJsonLifecycle } from './lifecycle/read-json.ts'
import { readXmlLifecycle } from './lifecycle/read-xml.ts'
import { readSettings, readVersion } from './mastodon/read-settings.ts'
import { readNix } from './nix/read-nix.ts'
import type { Found, ReadingContext } from './reading.ts'
import { recogniseFile } from './recognise.ts'
import { readScript } from './shell/read-script.ts'
import { readUnit } from './systemd/read-unit.ts'
import { readYaml } from './yaml/read-yaml.ts'

/** One file into what is scheduled in it. Never throws: what a parser cannot stand is told as unread. */
export function readDocument(context: ReadingContext): ScheduleDocument {
  const { path, text, lineStarts } = context.file
  let found: Found
  try {
    found = read(context)
  } catch (error) {
    // recursion that ends in a stack that is full; anything else is a defect and says so by failing tests
    if (!(error instanceof RangeError)) throw error
    context.unread('too-deep', null)
    found = { kind: 'unknown' }
  }
  // settings are full of secrets, and no finding is ever shown in them
  if (found.kind === 'settings')
    return {
      path,
      text: '',
      lineStarts: [0],
      tasks: [],
      lifecycle: [],
      settings: [],
      version: null,
      ...found,
    }
  return { path, text, lineStarts, tasks: [], lifecycle: [], settings: [], version: null, ...found }
}

function read(context: ReadingContext): Found {
  switch (recogniseFile(context.file.path, context.file.text)) {
    case 'crontab':
      return readCrontab(context)
    case 'script':
      return readScript(context)
    case 'unit':
      return readUnit(context)
    case 'yaml':
      return readYaml(context)
    case 'settings':
      return readSettings(context)
    case 'version':
      return readVersion(context)
    case 'nix':
      return readNix(context)
    case 'lifecycle-json':
      return readJsonLifecycle(context)
    case 'lifecycle-xml':
      return readXmlLifecycle(context)
    case 'unknown':
      return { kind: 'unknown' }
  }
}
