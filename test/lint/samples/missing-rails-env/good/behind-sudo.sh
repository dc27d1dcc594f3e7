#!/bin/sh
cd /home/mastodon/live
sudo -u mastodon RAILS_ENV=production PATH=/home/mastodon/.rbenv/shims:/usr/bin:/bin bin/tootctl media remove
sudo -iu mastodon sh -c "cd live && bin/tootctl media remove"
