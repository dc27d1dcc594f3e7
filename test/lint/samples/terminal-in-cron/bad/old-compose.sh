#!/bin/bash
set -eu
export RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin
cd /home/mastodon/live
cd /opt/mastodon
docker-compose exec web tootctl media remove
docker compose exec -ti web tootctl preview_cards remove
