/*
 * A link to a room may name it behind "#", which browsers keep over the redirect to this page and
 * the server never sees: it becomes part of where signing in leads.
 */
const room = /^#room=([0-9a-f-]{36})$/.exec(location.hash)?.[1];
const next = document.querySelector("input[name=next]");
if (room && next instanceof HTMLInputElement && next.value.endsWith("/")) {
  next.value += `rooms/${room}`;
  for (const link of document.querySelectorAll("a[href*='next=']")) {
    if (!(link instanceof HTMLAnchorElement)) continue;
    const address = new URL(link.href);
    address.searchParams.set("next", next.value);
    link.href = address.href;
  }
}
