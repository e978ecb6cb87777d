import type { Message, Room } from "../../../../static/chat/protocol.js";

/** The messages of one room for which the person is called, oldest first. */
export interface Call {
  room: Room;
  messages: readonly Message[];
}

/**
 * What calls a person, joined by room: each message until it is read, here or on any other device.
 * It is kept in each window, whichever of them shows it: the next may be shown in another.
 */
export class JoinedCalls {
  readonly #calls = new Map<string, Call>();

  /** Joins a message to what calls in its room already. */
  add(room: Room, message: Message): void {
    const before = this.#calls.get(room.id)?.messages ?? [];
    if (before.some(({ id }) => id === message.id)) return;
    this.#calls.set(room.id, { room, messages: [...before, message] });
  }

  /** What calls in a room, or undefined. */
  in(roomId: string): Call | undefined {
    return this.#calls.get(roomId);
  }

  /** The person has answered, or wants to hear nothing of the room. */
  drop(roomId: string): void {
    this.#calls.delete(roomId);
  }

  /**
   * Drops what need not call any more.
   * @param known the person's rooms as they are now
   * @param isQuiet whether the person wants to hear nothing of a room
   * @returns the rooms in which something was dropped
   */
  settle(known: ReadonlyMap<string, Room>, isQuiet: (roomId: string) => boolean): string[] {
    const changed: string[] = [];
    for (const [id, { messages }] of this.#calls) {
      const room = known.get(id);
      const left = room && !isQuiet(id) ? messages.filter(({ number }) => number > room.read) : [];
      if (room && left.length === messages.length) continue;
      changed.push(id);
      if (room && left.length > 0) this.#calls.set(id, { room, messages: left });
      else this.#calls.delete(id);
    }
    return changed;
  }
}
