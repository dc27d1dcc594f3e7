#!/bin/bash
set -a
. /home/mastodon/live/.env.production
set +a
cd /home/mastodon/live
RAILS_ENV=production bundle exec bin/rails runner 'Setting.media_cache_retention_period = 14; Setting.content_cache_retention_period = 30'
RAILS_ENV=production bin/tootctl search deploy --only-mapping
