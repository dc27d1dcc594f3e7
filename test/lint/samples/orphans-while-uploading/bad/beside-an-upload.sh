#!/bin/bash
set -eu
export RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin
cd /home/mastodon/live
rclone copy /srv/old-media s3:files &
bin/tootctl media remove-orphans
