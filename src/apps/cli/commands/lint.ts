import { describeCommand } from '../../../core/cron-lint/describe.ts'
import { lint } from '../../../core/cron-lint/lint.ts'
import { LANGUAGES, type Language } from '../../../core/cron-lint/rule.ts'
import { RULES } from '../../../core/cron-lint/rules.ts'
import { isVersion, VERSIONS, type MastodonVersion } from '../../../core/cron-lint/tootctl/commands.ts'
import { nearestName } from '../../../core/cron-lint/nearest-name.ts'
import { KnownError } from '../../../core/errors.ts'
import type { Task } from '../../../core/model/scheduled.ts'
import type { Command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import type { ExitName } from '../exit-codes.ts'
import { iso } from '../render/json.ts'
import { explainRule } from '../render/lint-explain.ts'
import { lintGithub } from '../render/lint-github.ts'
import { lintSarif } from '../render/lint-sarif.ts'
import { lintText } from '../render/lint-text.ts'

interface LintOptions {
  readonly mastodon?: MastodonVersion
  readonly lang?: Language
  readonly format?: 'text' | 'sarif' | 'github'
  readonly root?: string
  readonly fix?: true
  readonly explain?: string
}

const FORMATS = ['text', 'sarif', 'github']

/** Reads what runs on a schedule and judges it. Executes nothing, and writes only with --fix, only new files. */
export const lintCommand: Command<LintOptions> = {
  name: 'lint',
  description:
    'Reads what runs on a schedule (crontabs, systemd timers, scripts, compose files, Kubernetes, NixOS, lifecycle rules of ' +
    'buckets), says what each line really does, what is wrong with it, and what to write instead. Without files it looks ' +
    'at this host. Needs no database and no configuration; executes nothing of what it reads.',
  arguments: [{ name: '[file...]', description: 'files and folders; - is standard input; none: this host' }],
  options: [
    {
      flags: '--mastodon <version>',
      description: 'judge by this version of Mastodon (found in images if not given)',
      read: (text) => {
        const version = /^v?(\d+\.\d+)/.exec(text)?.[1] ?? ''
        return isVersion(version) ? version : undefined
      },
      expects: `one of ${VERSIONS.join(', ')}`,
    },
    {
      flags: '--lang <language>',
      description: 'language of the messages (from LANG if not given)',
      read: (text) => LANGUAGES.find((language) => text.toLowerCase().startsWith(language)),
      expects: `one of ${LANGUAGES.join(', ')}`,
    },
    {
      flags: '--format <format>',
      description: 'text, sarif or github',
      read: (text) => FORMATS.find((format) => format === text),
      expects: 'text, sarif or github; JSON comes with --json',
    },
    { flags: '--root <folder>', description: 'look at the host whose files lie below this folder' },
    { flags: '--fix', description: 'write each file as it should be beside the old one, never over it' },
    { flags: '--explain <code>', description: 'say all about one rule' },
  ],
  examples: [
    { line: 'cornac lint', meaning: 'what this host runs, as far as this user may read' },
    { line: 'crontab -l | cornac lint -', meaning: 'one’s own crontab' },
    { line: 'cornac lint --mastodon 4.5 maintenance.sh', meaning: 'a script, judged by what 4.5 has' },
    { line: 'cornac lint --explain prune-profiles-trap', meaning: 'why a rule says what it says' },
  ],
  exitCodes: ['findings'],
  async run(context) {
    const { options, words } = context
    const language = options.lang ?? languageOf(context)
    if (options.explain !== undefined) return explain(options.explain, language, context)
    const reader = await context.schedules()
    const maintenance = await reader.read({ paths: words, root: options.root ?? '/', signal: context.signal })
    const result = lint(maintenance, { version: options.mastodon ?? null })
    const { findings, proposals } = result
    const written: string[] = []
    if (options.fix === true)
      for (const { path, text } of proposals)
        if (path !== '-') written.push(await reader.writeBeside(path, text))
    const { format = 'text' } = options
    await context.out({
      data: {
        language,
        mastodon: result.version,
        files: maintenance.documents.map(({ path, kind, tasks }) => ({
          path,
          kind,
          schedules: tasks.flatMap((task) => scheduleData(task, language)),
        })),
        findings: findings.map(
          ({ place, message, harm, fix, line, betterLine, cornacLine, code, severity }) => ({
            file: place.file,
            line: place.line,
            column: place.column,
            end_line: place.endLine,
            end_column: place.endColumn,
            code,
            severity,
            message: message[language],
            harm: harm[language],
            fix: fix[language],
            text: line,
            better: betterLine,
            cornac: cornacLine,
          }),
        ),
        proposals,
        written,
        unread: maintenance.unread,
      },
      text: (paint) => {
        if (format === 'sarif') return lintSarif(result, language)
        if (format === 'github') return lintGithub(result, language)
        return lintText({ result, maintenance, language, verbose: context.verbose, written }, paint)
      },
      // a machine that asked for a format gets it, empty or not
      needsPerson: findings.length > 0 || format !== 'text',
    })
    const missing = maintenance.unread.filter(
      ({ path, reason }) => words.includes(path) && (reason === 'missing' || reason === 'forbidden'),
    )
    if (missing.length > 0 && findings.length === 0) return 'failed'
    return findings.length > 0 ? 'findings' : 'done'
  },
}

/** What one job does, and when. */
function scheduleData({ schedule, commands }: Task, language: Language): readonly object[] {
  if (schedule === null) return []
  return [
    {
      text: schedule.text,
      line: schedule.place.line,
      words: schedule.inWords?.[language] ?? null,
      next: schedule.next.map((run) => iso(run)),
      does: commands.flatMap((command) => describeCommand(command)?.[language] ?? []),
    },
  ]
}

async function explain(
  code: string,
  language: Language,
  context: CommandContext<LintOptions>,
): Promise<ExitName> {
  const rule = RULES.find((each) => each.code === code)
  if (rule === undefined) {
    const near = nearestName(
      code,
      RULES.map((each) => each.code),
    )
    throw new KnownError({
      code: 'no-such-rule',
      what: `there is no rule ${code}`,
      remedy:
        near === null
          ? `There are ${RULES.map((each) => each.code).join(', ')}`
          : `Did you mean ${near}?`.replace(/\?$/, ''),
      category: 'usage',
    })
  }
  const { severity, title, harm, evidence, fix } = rule
  await context.out({
    data: {
      code,
      severity,
      title: title[language],
      harm: harm[language],
      evidence: { versions: evidence.versions, source: evidence.source, says: evidence.says[language] },
      fix: fix[language],
    },
    text: (paint) => explainRule(rule, language, paint),
    needsPerson: true,
  })
  return 'done'
}

/** LC_ALL before LC_MESSAGES before LANG, as POSIX has it. */
function languageOf({ surroundings: { environment } }: CommandContext<LintOptions>): Language {
  const said = [environment['LC_ALL'], environment['LC_MESSAGES'], environment['LANG']].find(
    (value) => value !== undefined && value !== '',
  )
  return LANGUAGES.find((language) => said?.toLowerCase().startsWith(language)) ?? 'en'
}
