import { html } from "lit";
import { ChatDialog } from "../lib/dialog.js";

/** How one is called here. */
export class Profile extends ChatDialog {
  get heading() {
    return "Your name";
  }

  content() {
    const { me } = this.client;
    return html`<form class="dialog-form" @submit=${this.save}>
      <label class="field">
        <span>The name that others see</span>
        <input
          class="input"
          name="display_name"
          dir="auto"
          maxlength="80"
          autocomplete="name"
          autofocus
          .defaultValue=${me?.display_name ?? ""}
        />
      </label>
      <p class="hint">Your username stays <bdi>@${me?.username}</bdi>: mentions use it.</p>
      <footer class="dialog-actions">
        <button type="button" class="button" @click=${() => this.close()}>Cancel</button>
        <button class="button is-primary" ?disabled=${this.busy}>Save</button>
      </footer>
    </form>`;
  }

  /** @param {SubmitEvent} event */
  async save(event) {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    if (await this.ask({ type: "user.update", display_name: form.get("display_name") }))
      this.close();
  }
}

customElements.define("mc-profile", Profile);
