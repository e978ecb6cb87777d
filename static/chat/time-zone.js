/*
 * Tells the server the zone of this browser's clock (mediachat/time_zone.py), for the times on the
 * pages that the server draws: those of the account, and the administration.
 */
{
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const secure = location.protocol === "https:" ? "; secure" : "";
  if (zone) document.cookie = `timezone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
}
