{ config, pkgs, ... }:
{
  services.mastodon = {
    enable = true;
    localDomain = "toot.example";
    configureNginx = true;
    smtp.fromAddress = "noreply@toot.example";
    mediaAutoRemove = {
      enable = true;
      startAt = "weekly";
      olderThanDays = 30;
    };
  };
}
