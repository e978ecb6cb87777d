import { l10n } from "vscode";

/** What a document needs from the webview that shows it. */
export interface Place {
  nonce: string;
  cspSource: string;
  /** The address of a file of the package, for the webview. */
  file(name: string): string;
}

interface Shown {
  /** The address of the server. */
  server: string;
  /** The person's id. */
  user: string;
  /** The state that the page stored before. */
  stored: Record<string, string>;
}

/** The chat itself. */
export function chatDocument(place: Place, embed: string, shown: Shown): string {
  return page(place, "chat", embed, { ...shown, words: {} });
}

export interface SignInState {
  server: string;
  username: string;
  problem: string;
}

/** The sign-in page, which the extension draws itself without a server. */
export function signInDocument(place: Place, { server, username, problem }: SignInState): string {
  const body = `
    <main class="entrance">
      <span class="empty-mark" aria-hidden="true"></span>
      <h1>${escape(l10n.t("Sign in to Media Chat"))}</h1>
      <form id="sign-in" autocomplete="on" novalidate>
        <p id="problem" class="problem" role="alert">${escape(problem)}</p>
        <label>${escape(l10n.t("Server"))}
          <input name="server" inputmode="url" autocomplete="url" spellcheck="false" required
            placeholder="https://chat.example.org" value="${escape(server)}"></label>
        <label>${escape(l10n.t("Username"))}
          <input name="username" dir="auto" autocomplete="username" autocapitalize="none" spellcheck="false" required
            value="${escape(username)}"></label>
        <label>${escape(l10n.t("Password"))}
          <input name="password" type="password" autocomplete="current-password" required></label>
        <button class="button is-primary">${escape(l10n.t("Sign In"))}</button>
        <button type="button" id="browser" class="button">${escape(l10n.t("Sign In with the Browser"))}</button>
        <p class="hint">${escape(l10n.t("In the browser you can also make an account."))}</p>
      </form>
      <form id="second-factor" novalidate hidden>
        <p id="code-problem" class="problem" role="alert"></p>
        <label>${escape(l10n.t("Code from your authenticator app, or a recovery code"))}
          <input name="code" inputmode="numeric" autocomplete="one-time-code" spellcheck="false" maxlength="64" required></label>
        <button class="button is-primary">${escape(l10n.t("Confirm"))}</button>
        <button type="button" id="again" class="button">${escape(l10n.t("Start Over"))}</button>
      </form>
      <p id="status" class="hint" role="status"></p>
    </main>`;
  return page(place, "sign-in", body, {
    stored: {},
    words: {
      busy: l10n.t("Signing in…"),
      inBrowser: l10n.t("Continue in your browser, then come back here."),
      cancel: l10n.t("Cancel"),
      missing: l10n.t("Fill this in first."),
    },
  });
}

/** A sentence and a button that tries again. */
export function noticeDocument(place: Place, words: string): string {
  const body = `
    <main class="notice">
      <span class="empty-mark" aria-hidden="true"></span>
      <p role="alert">${escape(words)}</p>
      <button type="button" id="retry" class="button is-primary">${escape(l10n.t("Try Again"))}</button>
    </main>`;
  return page(place, "sign-in", body, { stored: {}, words: {} });
}

function page(place: Place, script: "chat" | "sign-in", body: string, boot: object): string {
  const { nonce, cspSource } = place;
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource}`,
    `img-src ${cspSource} blob: data:`,
    "media-src blob:",
    "connect-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
  ].join("; ");
  // "<" is escaped, since it could end the element.
  const data = JSON.stringify(boot).replace(/</g, "\\u003c");
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${escape(policy)}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Media Chat</title>
    <link rel="stylesheet" href="${escape(place.file("page.css"))}">
  </head>
  <body>${body}
    <script type="application/json" id="boot">${data}</script>
    <script nonce="${nonce}" src="${escape(place.file(`${script}.js`))}"></script>
  </body>
</html>`;
}

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
