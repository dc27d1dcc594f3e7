#!/bin/bash
set -eu
export RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin
cd /home/mastodon/live
export DRY_RUN=true
bin/tootctl statuses remove --days 90
DRY_RUN=true bin/tootctl media remove-orphans
