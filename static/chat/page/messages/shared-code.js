import { html } from "lit";
import { isolated } from "../../client/people/names.js";
import { icon } from "../lib/icons.js";

/** @typedef {import("../../protocol.js").Code} Code */

/**
 * Where shared lines are from. An editor around this page can open them in the reader's own
 * checkout; a browser has none.
 * @param {Code} code
 * @param {(code: Code) => void} [open] left out where it cannot be opened
 */
export function sharedCode(code, open) {
  const { path, repository, branch } = code;
  const origin = [repository, branch, version(code)].filter(Boolean);
  const place = isolated(path);
  const title = origin.length > 0 ? `${place}\n${origin.map(isolated).join(" · ")}` : place;
  return html`<p class="shared-code">
    ${icon("file")}
    <span class="shared-code-words" title=${title}>
      <span class="shared-code-place"><bdi>${path}</bdi>:${lines(code)}</span>
      ${
        origin.length > 0
          ? html`<small>${origin.map((part, at) => html`${at ? " · " : ""}<bdi>${part}</bdi>`)}</small>`
          : null
      }
    </span>
    ${
      open
        ? html`<button
          type="button"
          class="link"
          aria-label="Open ${place}, line ${code.start_line}"
          @click=${() => open(code)}
        >
          Open
        </button>`
        : null
    }
  </p>`;
}

/**
 * The commit whose file has the lines. Of those that were not committed it says just that: the
 * commit they are based on does not have them.
 * @param {Code} code
 */
const version = ({ commit, dirty }) => (dirty ? "uncommitted changes" : commit.slice(0, 7));

/** @param {Code} code */
const lines = ({ start_line, end_line }) =>
  start_line === end_line ? String(start_line) : `${start_line}–${end_line}`;
