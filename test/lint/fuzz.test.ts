/** Thousands of small accidents to real files: no reader, rule or renderer may fall over any of them. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Dice } from '../../lab/instance/dice.ts'
import { readDocument } from '../../src/adapters/schedules/read-document.ts'
import { joinUnits } from '../../src/adapters/schedules/systemd/join-units.ts'
import { SourceFile } from '../../src/adapters/schedules/text/source-file.ts'
import { lintSarif } from '../../src/apps/cli/render/lint-sarif.ts'
import { lintText } from '../../src/apps/cli/render/lint-text.ts'
import { plainPainter } from '../../src/apps/cli/render/paint.ts'
import { lint } from '../../src/core/cron-lint/lint.ts'
import type { Unread } from '../../src/core/model/scheduled.ts'
import { NOW } from './read-schedules.ts'

const SEED = 20_261_121
const ROUNDS = 1_500
const PIECES = [
  ...[
    '"',
    "'",
    '$(',
    '`',
    '${',
    '}',
    ')',
    '(',
    '{',
    '[',
    '<<EOF\n',
    '\\\n',
    '\n',
    '%',
    '\\',
    '|',
    '&&',
    ';',
    '=',
    '\t',
    '\r',
    '\0',
  ],
  ...[
    '-c',
    'sudo -u',
    'docker exec -it',
    'su - x -c',
    'flock',
    '--days',
    ': ',
    '- ',
    '|\n  ',
    '>-\n',
    '&a ',
    '*a',
    '!!str ',
  ],
  ...[
    '<Rule>',
    '@weekly ',
    '0 4 * * * ',
    'tootctl media remove ',
    '$1',
    '$@',
    'é',
    '😀',
    "''",
    'OnCalendar=',
    '{{',
    '}}',
  ],
]

function filesBelow(folder: string): readonly (readonly [path: string, text: string])[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [[path, readFileSync(path, 'utf8')] as const]
  })
}

test(`${ROUNDS} damaged files are read, judged and shown (seed ${SEED})`, async () => {
  const files = ['samples', 'corpus'].flatMap((name) => filesBelow(join(import.meta.dirname, name)))
  for (let round = 0; round < ROUNDS; round++) {
    const dice = new Dice(SEED, 0, round)
    const [path, whole] = dice.pick(files)
    const text = damaged(whole, files, dice)
    const unread: Unread[] = []
    try {
      const file = new SourceFile(path, text)
      const document = readDocument({
        file,
        nowMs: NOW,
        findScript: () => null,
        unread: (reason, detail) => unread.push({ path, reason, detail }),
      })
      const maintenance = { documents: joinUnits([document]), unread, ownRubies: [] }
      const result = lint(maintenance, { version: null })
      for (const { place } of result.findings) {
        assert.ok(place.line >= 1 && place.column >= 1 && place.line <= file.lineCount, JSON.stringify(place))
        assert.ok(place.endLine > place.line || place.endColumn >= place.column, JSON.stringify(place))
      }
      for await (const piece of lintText(
        { result, maintenance, language: 'fr', verbose: true, written: [] },
        plainPainter,
      ))
        assert.ok(!piece.includes('undefined'), piece)
      JSON.parse(lintSarif(result, 'en'))
    } catch (cause) {
      throw new Error(`round ${round}: ${path}\n${JSON.stringify(text)}`, { cause })
    }
  }
})

function damaged(whole: string, files: ReturnType<typeof filesBelow>, dice: Dice): string {
  let text = whole
  for (let i = dice.below(6); i >= 0; i--) {
    const at = dice.below(text.length + 1)
    const how = dice.below(3)
    if (how === 0) text = text.slice(0, at) + dice.pick(PIECES) + text.slice(at)
    else if (how === 1) text = text.slice(0, at) + text.slice(at + dice.below(12))
    else {
      const [, other] = dice.pick(files)
      const from = dice.below(other.length + 1)
      text = text.slice(0, at) + other.slice(from, from + 60) + text.slice(at)
    }
  }
  return text
}
