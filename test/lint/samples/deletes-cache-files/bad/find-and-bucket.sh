#!/bin/bash
set -eu
export RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin
cd /home/mastodon/live
find /home/mastodon/live/public/system/cache/media_attachments -type f -mtime +7 -delete
aws s3 rm --recursive s3://mastodon-files/cache/preview_cards/
