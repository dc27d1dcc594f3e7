#!/bin/bash
set -eu
export RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin
cd /home/mastodon/live
for what in "preview_cards remove --days 7" "media remove"; do
  bin/tootctl $what
done
