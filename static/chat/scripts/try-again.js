/** Between two questions to the server lie at least `LEAST` and at most twice that, in milliseconds. */
const LEAST = 2_000;

const HEALTH = new URL("../../../healthz", import.meta.url);

/** Loads the page again as soon as the server says that it can serve. */
function tryAgain() {
  setTimeout(
    async () => {
      const answer = await fetch(HEALTH).catch(() => null);
      if (answer?.ok) location.reload();
      else tryAgain();
    },
    LEAST * (1 + Math.random()),
  );
}

tryAgain();
