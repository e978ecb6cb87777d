/**
 * Has the browser ask before the page is left while something unsent would be lost with it. It
 * listens only meanwhile, because browsers do not keep pages that listen for this in the history.
 *
 * @param {import("../../client.js").ChatClient} client
 */
export function askBeforeLeaving(client) {
  const ask = (/** @type {Event} */ event) => event.preventDefault();
  client.addEventListener("outbox", () => {
    if (client.hasUnstored) addEventListener("beforeunload", ask);
    else removeEventListener("beforeunload", ask);
  });
}
