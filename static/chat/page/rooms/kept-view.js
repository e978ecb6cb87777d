const PAUSE_MS = 250;
const TIMEOUT_MS = 5_000;

/** @typedef {import("../host/host.js").View} View */
/** @typedef {import("../messages/message-list.js").MessageList} MessageList */

/**
 * The page around the open room.
 * @typedef {import("../lib/element.js").ChatElement & {
 *   roomId: string,
 *   screen: "rooms" | "room",
 *   openRoom: (room: string, options: {isNamed: boolean, focus: boolean}) => unknown,
 * }} Page
 */

/**
 * Opens again the room that was shown, at the message that was read. It serves hosts that load the
 * page again while the person stays, such as an editor whose view was hidden.
 */
export class KeptView {
  #page;
  #room;
  /** Until the room of before is open again, or turns out to be gone, it is not overwritten. */
  #isBack;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Page} page
   * @param {import("../host/host.js").LastView} last
   */
  constructor(page, last) {
    this.#page = page;
    this.last = last;
    this.#room = last.room;
    this.#isBack = last.room === "";
    page.addController(this);
    const { view } = last;
    // Until the place of before is back, none is kept: where the room opens first is not where one
    // reads, and a view that is moved may go again before.
    if (view?.number && view.room === last.room) this.#goBack(view, performance.now() + TIMEOUT_MS);
    else this.#keep();
  }

  /** The rooms are known for the first time. */
  begin() {
    const room = this.#room;
    // Nobody asked for it now: the person may be writing elsewhere, as in the editor's palette.
    if (this.#page.client.rooms.has(room))
      void this.#page.openRoom(room, { isNamed: true, focus: false });
  }

  hostUpdated() {
    const { screen, roomId, client } = this.#page;
    const shown = screen === "room" ? roomId : "";
    this.#isBack ||= shown !== "" || (client.state === "online" && !client.rooms.has(this.#room));
    if (this.#isBack) this.last.room = shown;
  }

  get #list() {
    return /** @type {MessageList | null} */ (this.#page.querySelector("mc-message-list"));
  }

  #keep() {
    const onScroll = () => (this.#timer ??= setTimeout(() => this.#keepPlace(), PAUSE_MS));
    document.addEventListener("scroll", onScroll, { capture: true, passive: true });
  }

  #keepPlace() {
    this.#timer = undefined;
    const list = this.#list;
    if (list?.placed)
      this.last.view = { room: list.roomId, epoch: this.#page.client.epoch, ...list.place };
  }

  /**
   * Once the room is drawn; not if the person has gone elsewhere meanwhile, or its history has.
   * @param {View} view
   * @param {number} until
   */
  #goBack(view, until) {
    const list = this.#list;
    if (list?.placed && list.feed.loaded) {
      const isSame = list.roomId === view.room && this.#page.client.epoch === view.epoch;
      if (!isSame) return this.#keep();
      void list.comeBack(view.number, view.offset ?? 0).finally(() => this.#keep());
    } else if (performance.now() < until) {
      setTimeout(() => this.#goBack(view, until), 50);
    } else this.#keep();
  }
}
