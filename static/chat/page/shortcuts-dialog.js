import { html } from "lit";
import { ChatDialog } from "./dialog.js";
import { EDITOR_SHORTCUTS, keySigns, SHORTCUTS } from "./shortcuts.js";

const isMac = /^Mac/.test(navigator.platform);

/** The keys of the page, by where they work. */
export class ShortcutsDialog extends ChatDialog {
  static properties = { withCtrl: { type: Boolean } };

  constructor() {
    super();
    /** Whether keys that are held down with Ctrl are the page's; an editor around it keeps them. */
    this.withCtrl = true;
  }

  get heading() {
    return "Keyboard shortcuts";
  }

  content() {
    const sections = this.withCtrl ? SHORTCUTS : [EDITOR_SHORTCUTS, ...SHORTCUTS];
    return sections.map(({ where, shortcuts }) => {
      const shown = shortcuts.filter(({ id, keys }) => this.withCtrl || where === EDITOR_SHORTCUTS.where || !id || !keys[0].startsWith("Ctrl+"));
      return html`<h3 class="dialog-heading">${where}</h3>
        <dl class="shortcuts">
          ${shown.map(
            ({ keys, does }) => html`<div>
              <dt>${keys.map((each) => html`<span>${keySigns(each, isMac).map((sign) => html`<kbd>${sign}</kbd>`)}</span>`)}</dt>
              <dd>${does}</dd>
            </div>`,
          )}
        </dl>`;
    });
  }
}

customElements.define("mc-shortcuts", ShortcutsDialog);
