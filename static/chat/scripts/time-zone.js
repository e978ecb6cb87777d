/*
 * Tells the server the zone of this browser's clock (mediachat/http/time_zone.py), for the times on the
 * pages that the server draws: those of the account, and the administration.
 */
{
  /** A time as the server writes it (mediachat/formats). */
  const drawn = /\d{4}, \d\d:\d\d/;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const secure = location.protocol === "https:" ? "; secure" : "";
  const isTold = () => document.cookie.split("; ").includes(`timezone=${zone}`);
  if (zone && !isTold()) {
    document.cookie = `timezone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
    // The first page here, or the first one after a journey, has times of another zone: it is asked
    // for again, unless the browser keeps no cookies, which would go on for ever.
    addEventListener("DOMContentLoaded", () => {
      if (isTold() && drawn.test(document.body.textContent ?? "")) location.reload();
    });
  }
}
