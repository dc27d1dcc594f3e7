#!/bin/bash
export RAILS_ENV=production
cd /home/mastodon/live || exit
for cmd in "media stats" "media list-orphans" "accounts list --inactive" "domains check" "media remove --days=30 --verbose"; do
  echo "== $cmd"
  bin/tootctl $cmd 2>/dev/null
done
bin/tootctl media refresh --days 7 --force
bin/tootctl accounts refresh --all
bin/tootctl media remove --older-than 7
