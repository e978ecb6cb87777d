import type { Message, Room } from "../../../../static/chat/protocol.js";
import type { Call } from "../chat/missed-calls.js";

/**
 * Messages that notify a person, grouped by room until they are read on any device. Every window
 * keeps them, whichever shows them: the next may be shown in another.
 */
export class JoinedCalls {
  readonly #calls = new Map<string, Call>();

  /** Adds a message to the notification of its room. */
  add(room: Room, message: Message): void {
    const before = this.#calls.get(room.id)?.messages ?? [];
    if (before.some(({ id }) => id === message.id)) return;
    this.#calls.set(room.id, { room, messages: [...before, message] });
  }

  /**
   * Takes a message over as it is now; one that was deleted calls no more.
   * @returns whether it is one of those that call
   */
  change(message: Message): boolean {
    const call = this.#calls.get(message.room);
    if (!call?.messages.some(({ id }) => id === message.id)) return false;
    const messages = call.messages.flatMap((each) =>
      each.id !== message.id ? each : message.deleted ? [] : message,
    );
    this.#keep(call.room, messages);
    return true;
  }

  /** The unread notifying messages of a room, or undefined. */
  in(roomId: string): Call | undefined {
    return this.#calls.get(roomId);
  }

  /** The person has answered, or muted the room. */
  drop(roomId: string): void {
    this.#calls.delete(roomId);
  }

  /**
   * Drops what need not call any more.
   * @param known the person's rooms as they are now
   * @param isWanted whether the person wants to hear of a message in its room
   * @returns the rooms in which something was dropped
   */
  settle(
    known: ReadonlyMap<string, Room>,
    isWanted: (message: Message, roomId: string) => boolean,
  ): string[] {
    const changed: string[] = [];
    for (const [id, { messages }] of this.#calls) {
      const room = known.get(id);
      const left = room
        ? messages.filter((each) => each.number > room.read && isWanted(each, id))
        : [];
      if (room && left.length === messages.length) continue;
      changed.push(id);
      if (room) this.#keep(room, left);
      else this.#calls.delete(id);
    }
    return changed;
  }

  #keep(room: Room, messages: readonly Message[]): void {
    if (messages.length > 0) this.#calls.set(room.id, { room, messages });
    else this.#calls.delete(room.id);
  }
}
