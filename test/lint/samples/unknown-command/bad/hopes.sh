#!/bin/bash
set -eu
export RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin
cd /home/mastodon/live
bin/tootctl accounts list --inactive
bin/tootctl domains check
bundle exec rake mastodon:media:remove_remote
