#!/bin/bash
set -eu
export RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin
cd /home/mastodon/live
systemctl stop mastodon-web mastodon-sidekiq
bin/tootctl media remove-orphans
systemctl start mastodon-web mastodon-sidekiq
