{ config, pkgs, ... }:
{
  systemd.services.statuses = {
    startAt = "Sun 20:00";
    serviceConfig.User = "mastodon";
    script = ''
      mastodon-tootctl statuses remove --days 120
    '';
  };
}
