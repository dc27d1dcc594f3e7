#!/bin/bash
set -eu
export RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin
cd /home/mastodon/live
cd /opt/mastodon
docker-compose exec -T web tootctl media remove
docker compose run --rm web tootctl preview_cards remove
kubectl exec -it deploy/web -- tootctl media remove
