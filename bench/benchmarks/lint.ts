import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { figure, promise } from '../measure/figure.ts'
import { runCornac } from '../measure/run-process.ts'
import type { Benchmark } from './benchmark.ts'

const FILES = 10_000

/** A host with a thousand instances, each with ten files of several kinds, most of them with something to say about. */
export const lint: Benchmark = {
  name: 'lint',
  title: '10,000 files are linted in under 20 s',
  async run({ folders, quick }) {
    const count = quick ? FILES / 10 : FILES
    const folder = folders.fresh()
    for (let i = 0; i < count; i++) {
      const instance = join(folder, `instance-${Math.floor(i / 10)}`)
      mkdirSync(instance, { recursive: true })
      const { name, text } = fileOf(i)
      writeFileSync(join(instance, name), text)
    }
    const run = await runCornac(['lint', '--json', '--root', '/nowhere-at-all', folder], {
      cwd: folder,
      env: { HOME: folder },
      allowedCodes: [3],
      peak: true,
    })
    const { files, findings } = JSON.parse(run.stdout) as { files: unknown[]; findings: unknown[] }
    if (files.length !== count) throw new Error(`${files.length} of ${count} files were read`)
    return {
      figures: [
        promise(`${count} files`, run.ms / 1000, 's', 20),
        figure('files a second', count / (run.ms / 1000), 'files/s'),
        figure('peak memory', (run.peakBytes ?? 0) / 1024 / 1024, 'MB'),
      ],
      details: [`${findings.length} findings`],
    }
  },
}

function fileOf(i: number): { readonly name: string; readonly text: string } {
  const minute = i % 60
  const days = 3 + (i % 40)
  const line = `bin/tootctl media remove --days ${days}${i % 7 === 0 ? ' --prune-profiles' : ''}`
  switch (i % 5) {
    case 0:
      return {
        name: `${i}.crontab`,
        text: `RAILS_ENV=production\nMAILTO=admin@i${i}.example\n${minute} 1 * * ${i % 7} cd /srv/i${i}/live && ${line} >> /var/log/toot-${i}.log 2>&1\n${minute} 2 1 * * cd /srv/i${i}/live && bin/tootctl preview_cards remove --days ${days}\n`,
      }
    case 1:
      return {
        name: `${i}.sh`,
        text: `#!/bin/bash\nset -eu\nDAYS=${days}\ncd /srv/i${i}/live\ntoot() { sudo -u mastodon-${i} RAILS_ENV=production bin/tootctl "$@"; }\nfor what in media preview_cards; do\n  toot $what remove --days "$DAYS" || exit 1\ndone\ntoot cache clear\n`,
      }
    case 2:
      return {
        name: `${i}.service`,
        text: `[Unit]\nDescription=media of ${i}\n\n[Service]\nType=oneshot\nUser=mastodon\nWorkingDirectory=/srv/i${i}/live\nEnvironment="RAILS_ENV=production"\nExecStart=/srv/i${i}/live/${line}\n`,
      }
    case 3:
      return {
        name: `${i}.yml`,
        text: `services:\n  web:\n    image: ghcr.io/mastodon/mastodon:v4.5.2\n    volumes: [./public/system:/mastodon/public/system]\n    labels:\n      ofelia.enabled: "true"\n      ofelia.job-exec.media.schedule: "0 ${minute} 1 * * *"\n      ofelia.job-exec.media.command: "tootctl media remove --days ${days}"\n  redis:\n    image: redis:7\n`,
      }
    default:
      return {
        name: `${i}.yaml`,
        text: `apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: media-${i}\nspec:\n  schedule: "${minute} 1 * * 0"\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: OnFailure\n          containers:\n            - name: tootctl\n              image: ghcr.io/mastodon/mastodon:v4.4.${i % 9}\n              command: ["bash", "-lc", "tootctl media remove --days ${days}"]\n`,
      }
  }
}
