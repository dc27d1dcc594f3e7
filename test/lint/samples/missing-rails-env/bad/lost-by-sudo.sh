#!/bin/sh
export RAILS_ENV=production
cd /home/mastodon/live
sudo -u mastodon PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin bin/tootctl media remove
