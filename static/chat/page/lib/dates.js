const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const weekday = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
});
const otherYear = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });

/** @param {string} iso */
export const clockTime = (iso) => clock.format(new Date(iso));

/** @param {string} iso */
export const fullTime = (iso) => full.format(new Date(iso));

/** A day in the reader's own time zone, to compare. @param {string} iso */
export const dayOf = (iso) => new Date(iso).toDateString();

/**
 * What stands above the messages of one day.
 * @param {string} iso
 * @param {Date} [now]
 */
export function dayName(iso, now = new Date()) {
  const date = new Date(iso);
  if (date.toDateString() === now.toDateString()) return "Today";
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return (date.getFullYear() === now.getFullYear() ? weekday : otherYear).format(date);
}
