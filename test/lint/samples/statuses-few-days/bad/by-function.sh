#!/bin/bash
set -eu
export RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin
cd /home/mastodon/live
toot() { bin/tootctl "$@"; }
toot statuses remove --days=7
