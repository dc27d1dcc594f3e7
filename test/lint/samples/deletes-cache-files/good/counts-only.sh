#!/bin/bash
set -eu
export RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin
cd /home/mastodon/live
find /home/mastodon/live/public/system/cache -type f | wc -l
aws s3 ls s3://mastodon-files/cache/
rclone delete backups:mastodon-dumps --min-age 30d
