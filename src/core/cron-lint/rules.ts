/** Every rule, in the order of the documentation. Adding one: a file in `rules/`, a line here, four samples in test/lint/samples. */
import type { Rule } from './rule.ts'
import { cacheClearFreesNothing } from './rules/cache-clear-frees-nothing.ts'
import { compressDatabase } from './rules/compress-database.ts'
import { concurrencyAbovePool } from './rules/concurrency-above-pool.ts'
import { contentRetention } from './rules/content-retention.ts'
import { cullBeforePrune } from './rules/cull-before-prune.ts'
import { cullDryRunWrites } from './rules/cull-dry-run-writes.ts'
import { daysZero } from './rules/days-zero.ts'
import { deletesCacheFiles } from './rules/deletes-cache-files.ts'
import { dryRunOnSchedule } from './rules/dry-run-on-schedule.ts'
import { emojiPurgeLocal } from './rules/emoji-purge-local.ts'
import { exclusiveFlags } from './rules/exclusive-flags.ts'
import { failureHidden } from './rules/failure-hidden.ts'
import { ignoredByCron } from './rules/ignored-by-cron.ts'
import { ignoredEnvironment } from './rules/ignored-environment.ts'
import { includeFollows } from './rules/include-follows.ts'
import { lifecycleOnCache } from './rules/lifecycle-on-cache.ts'
import { missingDirectory } from './rules/missing-directory.ts'
import { missingRailsEnv } from './rules/missing-rails-env.ts'
import { missingRubyPath } from './rules/missing-ruby-path.ts'
import { noOverlapGuard } from './rules/no-overlap-guard.ts'
import { orphansForeignKeys } from './rules/orphans-foreign-keys.ts'
import { orphansKeyPrefix } from './rules/orphans-key-prefix.ts'
import { orphansWhileUploading } from './rules/orphans-while-uploading.ts'
import { outputThrownAway } from './rules/output-thrown-away.ts'
import { percentInCrontab } from './rules/percent-in-crontab.ts'
import { previewCardsTooYoung } from './rules/preview-cards-too-young.ts'
import { pruneProfilesTrap } from './rules/prune-profiles-trap.ts'
import { refreshAll } from './rules/refresh-all.ts'
import { sameMinute } from './rules/same-minute.ts'
import { scheduleWrong } from './rules/schedule-wrong.ts'
import { severalHosts } from './rules/several-hosts.ts'
import { statusesFewDays } from './rules/statuses-few-days.ts'
import { statusesPeakHours } from './rules/statuses-peak-hours.ts'
import { terminalInCron } from './rules/terminal-in-cron.ts'
import { unknownCommand } from './rules/unknown-command.ts'
import { unknownOption } from './rules/unknown-option.ts'
import { userField } from './rules/user-field.ts'
import { vacuumWindow } from './rules/vacuum-window.ts'
import { wrongUser } from './rules/wrong-user.ts'

export const RULES: readonly Rule[] = [
  pruneProfilesTrap,
  exclusiveFlags,
  includeFollows,
  daysZero,
  emojiPurgeLocal,
  deletesCacheFiles,
  lifecycleOnCache,
  contentRetention,
  refreshAll,
  compressDatabase,
  unknownCommand,
  unknownOption,
  ignoredEnvironment,
  terminalInCron,
  missingRailsEnv,
  missingRubyPath,
  missingDirectory,
  wrongUser,
  userField,
  percentInCrontab,
  ignoredByCron,
  scheduleWrong,
  sameMinute,
  vacuumWindow,
  noOverlapGuard,
  severalHosts,
  concurrencyAbovePool,
  outputThrownAway,
  failureHidden,
  dryRunOnSchedule,
  previewCardsTooYoung,
  statusesFewDays,
  statusesPeakHours,
  cullBeforePrune,
  cullDryRunWrites,
  cacheClearFreesNothing,
  orphansKeyPrefix,
  orphansForeignKeys,
  orphansWhileUploading,
]
