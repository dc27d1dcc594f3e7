{
  services.mastodon.mediaAutoRemove.startAt = "*-*-* 04:20:00";
  services.mastodon.mediaAutoRemove.olderThanDays = 0;
}
