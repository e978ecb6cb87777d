import { html } from "lit";
import { ChatDialog } from "../lib/dialog.js";
import { keySigns, SHORTCUTS, SHORTCUTS_IN_EDITOR } from "../lib/shortcuts.js";

const isMac = /^Mac/.test(navigator.platform);

/** The keys of the page, by where they work. */
export class ShortcutsDialog extends ChatDialog {
  get heading() {
    return "Keyboard shortcuts";
  }

  content() {
    const sections = this.host.takesCtrl ? SHORTCUTS : SHORTCUTS_IN_EDITOR;
    return sections.map(
      ({ where, shortcuts }) => html`<h3 class="dialog-heading">${where}</h3>
        <dl class="shortcuts">
          ${shortcuts.map(
            ({ keys, does }) => html`<div>
              <dt>${keys.map((each) => html`<span>${keySigns(each, isMac).map((sign) => html`<kbd>${sign}</kbd>`)}</span>`)}</dt>
              <dd>${does}</dd>
            </div>`,
          )}
        </dl>`,
    );
  }
}

customElements.define("mc-shortcuts", ShortcutsDialog);
