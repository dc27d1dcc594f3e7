import { join } from 'node:path'

/** Where hosts keep what runs on a schedule: cron's own folders, units of systemd, and usual places of Mastodon's files. */
export function hostPaths(root: string): readonly string[] {
  return [
    '/etc/crontab',
    '/etc/cron.d',
    '/etc/cron.hourly',
    '/etc/cron.daily',
    '/etc/cron.weekly',
    '/etc/cron.monthly',
    '/etc/anacrontab',
    '/var/spool/cron/crontabs',
    '/var/spool/cron',
    '/etc/systemd/system',
    '/home/mastodon/.config/systemd/user',
    '/etc/nixos',
    '/home/mastodon/live/.env.production',
    '/home/mastodon/live/lib/mastodon/version.rb',
    '/home/mastodon/live/docker-compose.yml',
    '/home/mastodon/docker-compose.yml',
    '/opt/mastodon/docker-compose.yml',
    '/opt/mastodon/compose.yaml',
    '/root/mastodon/docker-compose.yml',
    '/srv/mastodon/docker-compose.yml',
  ].map((path) => join(root, path))
}
