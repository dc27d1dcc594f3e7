#!/bin/bash
set -eu
export RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin
cd /home/mastodon/live
bin/rails runner "Setting.content_cache_retention_period = nil"
bin/rails runner "puts Setting.content_cache_retention_period"
