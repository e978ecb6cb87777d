import * as vscode from "vscode";
import { ChatClient } from "../../../../static/chat/client.js";
import type { Attachment, Message, Room } from "../../../../static/chat/protocol.js";
import type {
  ClientOptions,
  Transport,
  UploadOptions,
} from "../../../../static/chat/client/types.js";
import { WebSocketTransport } from "../../../../static/chat/transports/websocket.js";
import { WebSocket } from "#platform";
import type { Account, Accounts } from "../account/account.js";
import { Server } from "../server/server.js";
import type { EditorStorage } from "./editor-storage.js";
import type { RecentRooms } from "./recent.js";
import { callsSkipped, missedCalls, type Call } from "./missed-calls.js";
import { SharedTransport } from "./shared-transport.js";
import { upload } from "./uploading.js";

/** What a connected account gives to the rest of the extension. */
export interface Connected {
  account: Account;
  server: Server;
  client: ChatClient;
  transport: SharedTransport;
}

/** This window's chat: one client and one socket while a person is signed in. */
export class Chat implements vscode.Disposable {
  #connected: Connected | null = null;
  readonly #changed = new vscode.EventEmitter<void>();
  /** Something that lists, badges or the status bar may show has changed. */
  readonly onDidChange = this.#changed.event;
  readonly #called = new vscode.EventEmitter<Call>();
  /** New messages that name this person, or in a direct room; the same ones perhaps twice. */
  readonly onDidCall = this.#called.event;
  readonly #messageChanged = new vscode.EventEmitter<Message>();
  /** A message was edited or deleted, or got a reaction. */
  readonly onDidChangeMessage = this.#messageChanged.event;
  readonly #switched = new vscode.EventEmitter<Connected | null>();
  /** Another person is signed in, or nobody. */
  readonly onDidSwitch = this.#switched.event;

  constructor(
    private readonly accounts: Accounts,
    private readonly storage: EditorStorage,
    readonly recent: RecentRooms,
    private readonly kept: Pick<ClientOptions, "files" | "locks">,
    private readonly log: vscode.LogOutputChannel,
  ) {
    accounts.onDidChange((account) => this.#use(account));
  }

  dispose(): void {
    this.#connected?.client.disconnect();
    this.#changed.dispose();
    this.#called.dispose();
    this.#messageChanged.dispose();
    this.#switched.dispose();
  }

  get connected(): Connected | null {
    return this.#connected;
  }

  get rooms(): Room[] {
    return [...(this.#connected?.client.rooms.values() ?? [])];
  }

  #use(account: Account | null): void {
    this.#connected?.client.leave();
    this.#connected = account ? this.#connect(account) : null;
    this.#switched.fire(this.#connected);
    this.#changed.fire();
  }

  #connect(account: Account): Connected {
    const server = Server.at(account.server);
    const transport = new SharedTransport(wire(server, account.token));
    const { storage } = this;
    const client = new ChatClient({
      transport,
      storage,
      events: storage,
      userId: account.user.id,
      ...this.kept,
    });
    transport.ownedBy(client);
    for (const type of ["rooms", "room", "people", "presence", "blocked", "outbox"]) {
      client.addEventListener(type, () => this.#changed.fire());
    }
    client.addEventListener("state", () => this.#stateChanged(client));
    client.addEventListener("mention", (event) => {
      const { room: id, message } = event.detail;
      const room = client.rooms.get(id);
      if (room) this.#called.fire({ room, messages: [message] });
    });
    client.addEventListener("skipped", (event) => {
      const { room, after } = event.detail;
      // A room that cannot be read any more calls nobody.
      callsSkipped(client, room, after).then(
        (call) => call && this.#called.fire(call),
        () => {},
      );
    });
    client.addEventListener("message-changed", (event) => {
      this.#messageChanged.fire(event.detail.message);
    });
    client
      .connect()
      .then(() => missedCalls(client))
      .then((calls) => calls.forEach((call) => this.#called.fire(call)))
      .catch((error: Error) => this.log.warn(`Not connected: ${error.message}`));
    return { account, server, client, transport };
  }

  #stateChanged(client: ChatClient): void {
    this.log.debug(`The connection is ${client.state}.`);
    this.#changed.fire();
    if (client.state === "signed_out" && this.#connected?.client === client) {
      void this.accounts.forget();
      void vscode.window.showWarningMessage(
        vscode.l10n.t("Media Chat: your session has ended. Sign in again."),
      );
    }
  }
}

/** The real way to the server: a socket by ticket, and uploads that tell how far they are. */
function wire(server: Server, sessionToken: string): Transport {
  const socket = new WebSocketTransport({ server: server.address, sessionToken, WebSocket });
  return {
    open: (handlers) => socket.open(handlers),
    upload: (file: Blob, options: UploadOptions): Promise<Attachment> =>
      upload(server, sessionToken, file, options),
  };
}
