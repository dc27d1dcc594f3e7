{ lib, pkgs, ... }:
let days = 30; in
{
  systemd.services.mastodon-prune = {
    description = "prune";
    startAt = "Sun *-*-* 13:00:00";
    serviceConfig = { Type = "oneshot"; User = "mastodon"; };
    script = ''
      # everything that is old
      mastodon-tootctl media remove --prune-profiles --days ${toString days}
      mastodon-tootctl statuses remove --days 14
    '';
  };
  services.cron.systemCronJobs = [
    "10 1 * * 0 mastodon mastodon-tootctl preview_cards remove --days 60"
    "10 1 * * 0 mastodon mastodon-tootctl media remove --days 60"
  ];
}
