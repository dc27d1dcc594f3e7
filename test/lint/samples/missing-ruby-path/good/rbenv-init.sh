#!/bin/bash
export RAILS_ENV=production
export PATH="$HOME/.rbenv/bin:$PATH"
eval "$(rbenv init -)"
cd /home/mastodon/live || exit 1
bin/tootctl media remove --days 30
