#!/usr/bin/env bash
LIVE=/home/mastodon/live
DAYS="${1:-30}"
log() { echo "[$(date +%T)] $*"; }
toot() {
  sudo -u mastodon env -C "$LIVE" RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin bin/tootctl "$@"
}
log start
toot media remove --days "$DAYS"
toot media remove --prune-profiles --days "$DAYS" || true
toot accounts prune
if [ "$(date +%d)" = "01" ]; then
  toot statuses remove --days 365 --compress-database
fi
log done
