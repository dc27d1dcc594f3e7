#!/bin/bash
set -eu
export RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin
cd /home/mastodon/live
bin/tootctl preview-cards remove --days 60
bin/tootctl media remove_orphans --dry-run
bin/tootctl version
bin/tootctl media help remove
