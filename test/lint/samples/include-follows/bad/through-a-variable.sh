#!/bin/bash
set -eu
export RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin
cd /home/mastodon/live
FLAGS="--remove-headers --include-follows"
bin/tootctl media remove $FLAGS
