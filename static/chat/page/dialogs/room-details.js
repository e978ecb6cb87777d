import { html } from "lit";
import { isolated } from "../../client/people/names.js";
import { avatar } from "../people/avatar.js";
import { blockItem } from "../people/blocking.js";
import { ClientEvents } from "../lib/client-events.js";
import { ChatDialog } from "../lib/dialog.js";
import "../lib/menu.js";
import { personName } from "../people/name.js";
import "../people/people-search.js";
import { canManage, canModerate, displayName } from "../lib/rooms.js";

/** @typedef {import("../lib/events.js").PageEvent<"choose-person">} PersonChosen */

/** @typedef {{username: string, display_name: string, role: string}} Member */

const ROLES = /** @type {const} */ ({ owner: "Owner", moderator: "Moderator", member: "Member" });

/** Who is in a room, what it is called, and the way out of it. */
export class RoomDetails extends ChatDialog {
  static properties = {
    roomId: { type: String },
    members: { state: true },
    more: { state: true },
    leaving: { state: true },
  };

  changes = new ClientEvents(this, ["room", "rooms", "presence", "people", "blocked"]);

  constructor() {
    super();
    this.roomId = "";
    /** @type {Member[]} */
    this.members = [];
    this.more = false;
    this.leaving = false;
    this.version = "";
  }

  get room() {
    return this.client.rooms.get(this.roomId);
  }

  get heading() {
    return html`<bdi>${this.room?.name ?? ""}</bdi>`;
  }

  firstUpdated() {
    super.firstUpdated();
    void this.load();
  }

  updated() {
    if (!this.room && this.dialog.open) this.close();
    // A change of the members comes as a change of the room.
    const version = `${this.room?.member_count} ${this.room?.members} ${this.room?.role}`;
    if (this.version && version !== this.version) void this.load();
    this.version = version;
  }

  async load(after = "") {
    const reply = await this.reading.ask({ type: "room.members", room: this.roomId, after });
    if (!reply) return;
    this.members = after ? [...this.members, ...reply.members] : reply.members;
    this.more = reply.more;
  }

  content() {
    const { room } = this;
    if (!room) return null;
    const moderates = canModerate(room);
    return html`
      ${moderates ? this.nameForm(room) : null}
      ${
        moderates
          ? html`<mc-people-search
            label="Add people"
            room=${this.roomId}
            .taken=${Object.fromEntries((room.asked ?? []).map((name) => [name, "asked"]))}
            @choose-person=${(/** @type {PersonChosen} */ event) => this.add(event.detail.person.username)}
          ></mc-people-search>`
          : null
      }
      <h3 class="dialog-heading">
        ${room.member_count} ${room.member_count === 1 ? "member" : "members"}
      </h3>
      <ul class="found members">
        ${this.members.map((member) => this.entry(room, member))}
      </ul>
      ${
        this.more
          ? html`<button
            type="button"
            class="link"
            @click=${() => this.load(this.members.at(-1)?.username)}
          >
            Show more
          </button>`
          : null
      }
      ${this.asked(room)}
      <footer class="dialog-actions">
        ${
          this.leaving
            ? html`<span class="dialog-text"
                >Leave <bdi>${room.name}</bdi>?${room.kind === "private" ? " You need to be added to come back." : ""}</span
              >
              <button type="button" class="button" @click=${() => (this.leaving = false)}>Stay</button>
              <button type="button" class="button is-danger" @click=${this.leave}>Leave room</button>`
            : html`<button type="button" class="button" @click=${() => (this.leaving = true)}>
              Leave room…
            </button>`
        }
      </footer>
    `;
  }

  /** @param {import("../../protocol.js").Room} room */
  nameForm(room) {
    return html`<form class="dialog-form is-row" @submit=${this.rename}>
      <label class="field">
        <span>Name of the room</span>
        <input class="input" name="name" dir="auto" maxlength="80" required autocomplete="off" .defaultValue=${room.name} />
      </label>
      <button class="button" ?disabled=${this.busy}>Rename</button>
    </form>`;
  }

  /**
   * @param {import("../../protocol.js").Room} room
   * @param {Member} member
   */
  entry(room, member) {
    const name = displayName(this.client, member.username);
    const items = this.actions(room, member);
    return html`<li class="found-entry">
      ${avatar(this.client, member.username, { presence: true })}
      <span class="found-name"><bdi>${name}</bdi></span>
      <bdi class="handle">@${member.username}</bdi>
      ${
        member.role === "member"
          ? null
          : html`<span class="role">${ROLES[/** @type {keyof typeof ROLES} */ (member.role)]}</span>`
      }
      ${
        items.length > 0
          ? html`<mc-menu label="What to do with ${isolated(name)}" .items=${items}></mc-menu>`
          : null
      }
    </li>`;
  }

  /**
   * @param {import("../../protocol.js").Room} room
   * @param {Member} member
   * @returns {import("../lib/menu.js").MenuItem[]}
   */
  actions(room, member) {
    const { username } = member;
    if (username === this.client.me?.username) return [];
    /** @type {import("../lib/menu.js").MenuItem[]} */
    const items = [{ label: "Message", icon: "edit", run: () => this.talkTo(username) }];
    if (canManage(room)) {
      for (const [role, title] of Object.entries(ROLES)) {
        if (role === member.role) continue;
        items.push({
          label: `Make ${title.toLowerCase()}`,
          icon: "people",
          run: () => this.setRole(username, role),
        });
      }
    }
    if (canModerate(room) && (canManage(room) || member.role === "member")) {
      items.push({
        label: "Remove from room…",
        icon: "trash",
        danger: true,
        run: () => this.askToRemove(room, username),
      });
    }
    items.push(blockItem(this, username));
    return items;
  }

  /** @param {SubmitEvent} event */
  async rename(event) {
    event.preventDefault();
    const name = new FormData(/** @type {HTMLFormElement} */ (event.target)).get("name");
    await this.ask({ type: "room.rename", room: this.roomId, name });
  }

  /** @param {string} username */
  async add(username) {
    if (await this.ask({ type: "room.add", room: this.roomId, members: [username] }))
      await this.load();
  }

  /**
   * Strangers who are no members before they accept.
   * @param {import("../../protocol.js").Room} room
   */
  asked(room) {
    if (!room.asked?.length) return null;
    return html`<h3 class="dialog-heading" id="asked-heading">Asked, and no members yet</h3>
      <ul class="found" aria-labelledby="asked-heading">
        ${room.asked.map(
          (username) => html`<li class="found-entry">
            ${avatar(this.client, username)}
            <span class="found-name"><bdi>${displayName(this.client, username)}</bdi></span>
            <bdi class="handle">@${username}</bdi>
            ${
              canModerate(room)
                ? html`<mc-menu
                  label="What to do with ${isolated(displayName(this.client, username))}"
                  .items=${[
                    {
                      label: "Withdraw the request",
                      icon: "trash",
                      danger: true,
                      run: () => this.removeMember(username),
                    },
                  ]}
                ></mc-menu>`
                : null
            }
          </li>`,
        )}
      </ul>`;
  }

  /**
   * @param {import("../../protocol.js").Room} room
   * @param {string} member
   */
  askToRemove(room, member) {
    this.tell("confirm", {
      title: html`Remove ${personName(this.client, member)}?`,
      text: `They can no longer read or write in ${isolated(room.name)}, and are told that you removed
        them.${room.kind === "private" ? " They need to be added to come back." : ""}`,
      action: "Remove",
      run: (/** @type {import("../../client/types.js").ReadOptions} */ options) =>
        this.client.send({ type: "room.remove", room: room.id, member }, options),
    });
  }

  /** Takes back what a stranger was asked. @param {string} member */
  async removeMember(member) {
    if (await this.ask({ type: "room.remove", room: this.roomId, member })) await this.load();
  }

  /**
   * @param {string} member
   * @param {string} role
   */
  async setRole(member, role) {
    if (await this.ask({ type: "room.role", room: this.roomId, member, role })) await this.load();
  }

  /** @param {string} username */
  async talkTo(username) {
    const reply = await this.ask({ type: "room.open", kind: "direct", members: [username] });
    if (!reply) return;
    this.tell("open-room", { room: reply.room.id });
  }

  async leave() {
    this.tell("leaving", { room: this.roomId });
    if (await this.ask({ type: "room.leave", room: this.roomId })) this.close();
  }
}

customElements.define("mc-room-details", RoomDetails);
