#!/bin/bash
set -eu
export RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin
cd /home/mastodon/live
DAYS=0
bin/tootctl preview_cards remove --days=${DAYS}
