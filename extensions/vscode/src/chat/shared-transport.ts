import { ChatError, type ChatClient } from "../../../../static/chat/client.js";
import { CloseCode, type Attachment } from "../../../../static/chat/protocol.js";
import type {
  Socket,
  Transport,
  TransportHandlers,
  UploadOptions,
} from "../../../../static/chat/client/types.js";

/** The closing code for a connection that was lost: come back and sync. */
const LOST = 1006;

/**
 * One socket a window, for the extension host's client and for every page that the window shows.
 *
 * The host's client opens it and is the only one that the server sees. A page's client opens a
 * socket of its own on {@link SharedTransport.forPage}; it is greeted with what the host's client
 * knows at that moment and has from then on every event that the host has. So a page opens
 * without a round trip, and whatever it misses it asks for by `sync`, as over any other socket.
 */
export class SharedTransport implements Transport {
  readonly #pages = new Map<number, PageSocket>();
  #client: ChatClient | null = null;
  #server: Socket | null = null;
  #last = 0;

  constructor(private readonly real: Transport) {}

  /** The client that owns the socket. */
  ownedBy(client: ChatClient): void {
    this.#client = client;
  }

  // -- For the host's client --------------------------------------------------------------------

  open(handlers: TransportHandlers): Socket {
    const socket = this.real.open({
      onOpen: (opened) => {
        this.#server = opened;
        handlers.onOpen(opened);
      },
      onFrame: (text) => this.#frame(text, handlers),
      onClose: (code, detail) => {
        this.#lost(code, detail);
        handlers.onClose(code, detail);
      },
    });
    return {
      send: (text) => socket.send(text),
      close: () => {
        socket.close();
        this.#lost(LOST);
      },
    };
  }

  upload(file: Blob, options: UploadOptions): Promise<Attachment> {
    return this.real.upload(file, options);
  }

  #frame(text: string, handlers: TransportHandlers): void {
    const objects = objectsOf(text);
    const own: unknown[] = [];
    const events: object[] = [];
    for (const object of objects) {
      const page = isAnswer(object) ? PAGE_REF.exec(object.ref) : null;
      if (page) this.#pages.get(Number(page[1]))?.frame([{ ...object, ref: page[2] ?? "" }]);
      else own.push(object);
      if (!isAnswer(object) && !isReady(object)) events.push(object);
    }
    // The host's client first: a page that opens meanwhile is greeted with what it knows then.
    if (own.length > 0) handlers.onFrame(JSON.stringify(own));
    for (const page of this.#pages.values()) {
      if (page.isGreeted && events.length > 0) page.frame(events);
      else this.#greet(page);
    }
  }

  #lost(code: number, detail?: string): void {
    this.#server = null;
    for (const page of [...this.#pages.values()]) page.end(code, detail);
    this.#pages.clear();
  }

  // -- For pages ---------------------------------------------------------------------------------

  /** A transport for one page's client. */
  forPage(): Transport {
    return {
      open: (handlers) => this.#openPage(handlers),
      upload: (file, options) => this.upload(file, options),
    };
  }

  #openPage(handlers: TransportHandlers): Socket {
    const id = ++this.#last;
    const page = new PageSocket(handlers, {
      send: (text) => this.#command(id, text),
      close: () => this.#pages.delete(id),
    });
    this.#pages.set(id, page);
    queueMicrotask(() => this.#pages.has(id) && this.#begin(page));
    return page;
  }

  #begin(page: PageSocket): void {
    const client = this.#client;
    if (!client || client.state === "signed_out") return page.end(CloseCode.NOT_SIGNED_IN);
    if (client.state === "banned") return page.end(CloseCode.BANNED);
    // A page that asks is a person who looks: the host's client tries at once, too.
    if (client.state === "online") this.#greet(page);
    else client.connect().catch(() => {});
  }

  #greet(page: PageSocket): void {
    const client = this.#client;
    const greeting = client?.state === "online" && !page.isGreeted ? client.greeting : null;
    if (greeting) page.greet(greeting);
  }

  #command(id: number, text: string): void {
    const command = JSON.parse(text) as { type: string; ref?: string };
    if (command.type === "ping") {
      // Whether the server is there is the host's to find out: one that is not ends all pages.
      this.#client?.probe();
      return this.#pages.get(id)?.frame([{ type: "reply", ref: command.ref ?? "" }]);
    }
    const marked = "ref" in command ? { ...command, ref: `page${id}:${command.ref}` } : command;
    this.#server?.send(JSON.stringify(marked));
  }
}

const PAGE_REF = /^page(\d+):(.*)$/s;

/** A page's end of the shared socket. */
class PageSocket implements Socket {
  isGreeted = false;

  constructor(
    private readonly handlers: TransportHandlers,
    private readonly way: { send(text: string): void; close(): void },
  ) {}

  send(text: string): void {
    this.way.send(text);
  }

  close(): void {
    this.way.close();
  }

  greet(ready: object): void {
    this.isGreeted = true;
    this.handlers.onOpen(this);
    this.frame([ready]);
  }

  frame(objects: object[]): void {
    this.handlers.onFrame(JSON.stringify(objects));
  }

  end(code: number, detail?: string): void {
    this.way.close();
    this.handlers.onClose(code, detail);
  }
}

function objectsOf(text: string): object[] {
  try {
    const frame: unknown = JSON.parse(text);
    const objects: unknown[] = Array.isArray(frame) ? frame : [frame];
    return objects.filter(
      (object): object is object => typeof object === "object" && object !== null,
    );
  } catch {
    return [];
  }
}

function isAnswer(object: object): object is { type: string; ref: string } {
  const { type, ref } = object as { type?: unknown; ref?: unknown };
  return (type === "reply" || type === "error") && typeof ref === "string";
}

function isReady(object: object): boolean {
  return (object as { type?: unknown }).type === "ready";
}

export { ChatError };
