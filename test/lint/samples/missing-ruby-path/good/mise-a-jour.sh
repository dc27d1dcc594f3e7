#!/bin/bash
# mise à jour : une fois par semaine
export RAILS_ENV=production
cd /home/mastodon/live || exit 1
bin/tootctl media remove --days 30
