import { html } from "lit";
import { avatar } from "../people/avatar.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatElement } from "../lib/element.js";
import "../lib/menu.js";

/** Who is signed in, and what concerns the account rather than the chat. */
export class AccountMenu extends ChatElement {
  changes = new ClientEvents(this, ["state", "people"]);

  render() {
    const { me } = this.client;
    if (!me) return null;
    return html`<div class="account">
      ${avatar(this.client, me.username)}
      <span class="account-words">
        <span class="account-name"><bdi>${me.display_name || me.username}</bdi></span>
        <bdi class="handle">@${me.username}</bdi>
      </span>
      <mc-menu label="Your account" .items=${this.items()}></mc-menu>
    </div>`;
  }

  items() {
    const links = this.host.accountPages;
    /** @type {import("../lib/menu.js").MenuItem[]} */
    const items = [];
    const goTo = (/** @type {string} */ address) => () => location.assign(address);
    if (links.profile)
      items.push({ label: "Name and picture", icon: "edit", run: goTo(links.profile) });
    else
      items.push({
        label: "Change your name…",
        icon: "edit",
        run: () => this.tell("show-profile"),
      });
    items.push({ label: "Blocked people", icon: "block", run: () => this.tell("show-blocked") });
    items.push({
      label: "Keyboard shortcuts",
      icon: "keyboard",
      run: () => this.tell("show-shortcuts"),
    });
    if (links.password) items.push({ label: "Password", icon: "lock", run: goTo(links.password) });
    if (links.twoStep)
      items.push({ label: "Two-step sign-in", icon: "lock", run: goTo(links.twoStep) });
    if (links.sessions)
      items.push({ label: "Where you are signed in", icon: "history", run: goTo(links.sessions) });
    if (links.admin) items.push({ label: "Administration", icon: "flag", run: goTo(links.admin) });
    if (links.signOut)
      items.push({ label: "Sign out", icon: "sign-out", run: () => signOut(links.signOut ?? "") });
    return items;
  }
}

/** @param {string} address */
function signOut(address) {
  const form = document.createElement("form");
  const token = document.createElement("input");
  form.method = "post";
  form.action = address;
  token.type = "hidden";
  token.name = "csrfmiddlewaretoken";
  token.value = document.querySelector("meta[name=csrf-token]")?.getAttribute("content") ?? "";
  form.append(token);
  document.body.append(form);
  form.submit();
}

customElements.define("mc-account-menu", AccountMenu);
