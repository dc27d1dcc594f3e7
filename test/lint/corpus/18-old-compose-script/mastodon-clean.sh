#!/bin/sh
cd /root/mastodon || exit 1
docker-compose run --rm web bin/tootctl media remove --prune-profiles
docker-compose exec web tootctl cache clear
docker-compose exec -T web tootctl statuses remove --days 7
docker system prune -f
