/** Reads what runs on a schedule, from named files or from where this host keeps such things. Executes and writes nothing. */
import { lstatSync, opendirSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import type { Maintenance, ScheduleDocument, Unread } from '../../core/model/scheduled.ts'
import type { ScheduleReader, ScheduleRequest } from '../../core/ports/schedules.ts'
import { findOwnRubies } from './find-own-rubies.ts'
import { hostPaths } from './host-paths.ts'
import { joinUnits } from './systemd/join-units.ts'
import { writeBeside } from './write-beside.ts'
import { readDocument } from './read-document.ts'
import { decode, LONGEST_FILE, readTextFile } from './read-file.ts'
import { LONGEST_SCRIPT } from './shell/parse-shell.ts'
import type { FindScript } from './shell/walk.ts'
import { MappedText } from './text/mapped-text.ts'
import { SourceFile } from './text/source-file.ts'

const MOST_FILES = 50_000
const DEEPEST_FOLDER = 8
/** Scripts that one file calls. */
const MOST_SCRIPTS = 40

export interface ScheduleReaderOptions {
  /** Standard input, for `-`. */
  readonly input: AsyncIterable<Uint8Array>
  /** Milliseconds since 1970, for the next runs. */
  readonly now: () => number
}

export function openScheduleReader({ input, now }: ScheduleReaderOptions): ScheduleReader {
  return {
    async read(request) {
      const reading = new Reading(request, now())
      reading.name(request.paths)
      if (request.paths.length === 0) await reading.files(hostPaths(request.root), true)
      for (const path of request.paths) {
        if (path === '-') reading.text('-', await readInput(input))
        else await reading.files([path], false)
      }
      return reading.done(request.paths.length === 0 ? findOwnRubies(request.root) : [])
    },
    writeBeside,
  }
}

async function readInput(input: AsyncIterable<Uint8Array>): Promise<ReturnType<typeof readTextFile>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of input) {
    chunks.push(chunk)
    length += chunk.length
    if (length > LONGEST_FILE) break
  }
  return decode(Buffer.concat(chunks).subarray(0, LONGEST_FILE), length > LONGEST_FILE)
}

class Reading {
  readonly #request: ScheduleRequest
  readonly #nowMs: number
  readonly #documents = new Map<string, ScheduleDocument>()
  readonly #scripts = new Map<string, SourceFile>()
  readonly #unread: Unread[] = []
  /** Named files and folders by where they really are, so that a script is one file by whatever path it is called. */
  readonly #named = new Map<string, string>()
  #files = 0

  constructor(request: ScheduleRequest, nowMs: number) {
    this.#request = request
    this.#nowMs = nowMs
  }

  /** Before anything is read: a script may be called by a file that is named before it. */
  name(paths: readonly string[]): void {
    for (const path of paths)
      try {
        this.#named.set(realpathSync(path), path)
      } catch {
        // what is not there, or may not be seen, is told of when it is read
      }
  }

  /** Files and what is in folders. `maybe`: what is not there is nothing to tell of. */
  async files(paths: readonly string[], maybe: boolean): Promise<void> {
    for (const path of paths) await this.#enter(path, maybe, 0)
  }

  done(ownRubies: Maintenance['ownRubies']): Maintenance {
    const documents = joinUnits([...this.#documents.values()])
    const seen = new Set(documents.map(({ path }) => path))
    for (const [path, { text, lineStarts }] of this.#scripts)
      if (!seen.has(path))
        documents.push({
          path,
          kind: 'script',
          text,
          lineStarts,
          tasks: [],
          lifecycle: [],
          settings: [],
          version: null,
        })
    return { documents, unread: this.#unread, ownRubies }
  }

  async #enter(path: string, maybe: boolean, depth: number): Promise<void> {
    this.#request.signal?.throwIfAborted()
    if (this.#files > MOST_FILES) return
    let folder: boolean
    try {
      // links are followed where they were named, not where they were found
      const stat = depth === 0 ? statSync(path) : lstatSync(path)
      folder = stat.isDirectory()
      if (depth > 0 && !folder && !stat.isFile()) return
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code === 'EACCES' ? 'forbidden' : 'missing'
      if (!maybe || reason === 'forbidden') this.#unread.push({ path, reason, detail: null })
      return
    }
    if (!folder) {
      if (++this.#files % 64 === 0) await breathe()
      this.text(path, readTextFile(path), maybe || depth > 0)
      return
    }
    if (depth >= DEEPEST_FOLDER) return
    const names: string[] = []
    try {
      using entries = opendirSync(path)
      for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) names.push(entry.name)
    } catch {
      this.#unread.push({ path, reason: 'forbidden', detail: null })
      return
    }
    for (const name of names.sort()) await this.#enter(join(path, name), maybe, depth + 1)
  }

  /** One file's text. `found`: nobody named it, so what is of no known kind is passed over. */
  text(path: string, content: ReturnType<typeof readTextFile>, found = false): void {
    if (this.#documents.has(path)) return
    if (content.kind === 'unread') {
      if (!found || content.reason === 'forbidden')
        this.#unread.push({ path, reason: content.reason, detail: null })
      return
    }
    if (content.cut) this.#unread.push({ path, reason: 'too-long', detail: `${LONGEST_FILE} bytes` })
    const file = new SourceFile(path, content.text)
    const document = readDocument({
      file,
      nowMs: this.#nowMs,
      findScript: this.#finder(path),
      unread: (reason, detail) => this.#unread.push({ path, reason, detail }),
    })
    if (document.kind === 'unknown') {
      if (!found) this.#unread.push({ path, reason: 'not-understood', detail: null })
      return
    }
    this.#documents.set(path, document)
  }

  /** Scripts by the path a command names, or, where that is not on this machine, beside the file that calls them. */
  #finder(caller: string): FindScript {
    let found = 0
    const missing = new Set<string>()
    return ({ text: named }, scope) => {
      if (found >= MOST_SCRIPTS || named.includes('\0')) return null
      const { root } = this.#request
      const folder = scope.workingDirectory?.text
      const candidates: string[] = []
      if (isAbsolute(named)) candidates.push(join(root, named))
      else if (folder !== undefined && isAbsolute(folder)) candidates.push(join(root, folder, named))
      if (caller !== '-') candidates.push(join(dirname(caller), named.slice(named.lastIndexOf('/') + 1)))
      for (const candidate of candidates) {
        const script = this.#script(candidate)
        if (script === null) continue
        found++
        return MappedText.of(script, 0, script.text.length)
      }
      if (/mastodon|toot/i.test(named) && !missing.has(named)) {
        missing.add(named)
        this.#unread.push({ path: named, reason: 'script-not-found', detail: caller })
      }
      return null
    }
  }

  #script(path: string): SourceFile | null {
    const known = this.#scripts.get(path)
    if (known !== undefined) return known
    let real: string
    try {
      real = realpathSync(path)
    } catch {
      return null
    }
    const shown = this.#shownPath(real) ?? path
    const same = this.#scripts.get(shown)
    if (same !== undefined) return same
    // a link in a mounted image may not lead out of it, to what this machine has there
    const { root } = this.#request
    if (root !== '/' && path.startsWith(join(root, '/')) && !real.startsWith(join(realpathSync(root), '/')))
      return null
    const content = readTextFile(path, LONGEST_SCRIPT)
    if (content.kind === 'unread' || content.cut || !isShell(path, content.text)) return null
    const script = new SourceFile(shown, content.text)
    this.#scripts.set(shown, script)
    return script
  }

  /** The path of a file as it was named, itself or by a folder above it. */
  #shownPath(real: string): string | null {
    for (let place = real; ; place = dirname(place)) {
      const path = this.#named.get(place)
      if (path !== undefined) return place === real ? path : join(path, real.slice(place.length))
      if (place === dirname(place)) return null
    }
  }
}

function isShell(path: string, text: string): boolean {
  if (!text.startsWith('#!'))
    return /\.(sh|bash|env|profile)$/.test(path) || /\b(tootctl|RAILS_ENV)\b/.test(text)
  return /^#!.*\b(ba|da|a|k|z)?sh\b/.test(text.slice(0, 200))
}
