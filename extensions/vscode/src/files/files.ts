import * as vscode from "vscode";
import { isolated } from "../../../../static/chat/client/people/names.js";
import type { Chat, Connected } from "../chat/chat.js";
import { takesAnyName } from "#platform";
import { Problem } from "../server/problem.js";

export const SCHEME = "mediachat";
/** Larger files are not held in memory for the page to show; they can still be saved. */
const SHOWN_LIMIT = 32 * 1024 * 1024;

interface Content {
  bytes: ArrayBuffer;
  contentType: string;
}

/**
 * The files of messages: the host reads them with this person's token, since the webview may send
 * no requests. Also a read-only file system, so that VS Code opens them in its own editors.
 */
export class Files implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #changes = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changes.event;
  readonly #registration;

  constructor(
    private readonly chat: Chat,
    private readonly known: Promise<void>,
  ) {
    this.#registration = vscode.workspace.registerFileSystemProvider(SCHEME, this, {
      isReadonly: true,
    });
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changes.dispose();
  }

  /** A file that the page shows. @throws Problem */
  async read(path: string): Promise<Content> {
    const response = await this.#fetch(path);
    if (Number(response.headers.get("Content-Length") ?? 0) > SHOWN_LIMIT) {
      void response.body?.cancel();
      throw new Problem(
        "refused",
        vscode.l10n.t("This file is too large to be shown here. Save it to open it."),
      );
    }
    return {
      bytes: await response.arrayBuffer(),
      contentType: response.headers.get("Content-Type") ?? "application/octet-stream",
    };
  }

  /** Asks for a place, and saves the file there. */
  async save(path: string, name: string): Promise<void> {
    const shown = isolated(name);
    const target = await vscode.window.showSaveDialog({
      title: vscode.l10n.t("Save {0}", shown),
      defaultUri: proposed(name),
    });
    if (!target) return;
    const written = await this.#withProgress(
      vscode.l10n.t("Saving {0}", shown),
      async (progress, cancel) => {
        const response = await this.#fetch(path, cancel);
        const bytes = await collected(response, progress);
        await vscode.workspace.fs.writeFile(target, bytes);
      },
    );
    if (!written) return;
    const open = vscode.l10n.t("Open");
    const chosen = await vscode.window.showInformationMessage(
      vscode.l10n.t("{0} was saved.", shown),
      open,
    );
    if (chosen === open) await vscode.commands.executeCommand("vscode.open", target);
  }

  /** Opens a file of a message in an editor tab. */
  async open(path: string, name: string): Promise<void> {
    const id = path.split("/")[2] ?? "";
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${id}/${safeName(name)}`, query: path });
    await vscode.commands.executeCommand("vscode.open", uri, { preview: true });
  }

  async #withProgress(
    title: string,
    work: (progress: (part: number) => void, signal: AbortSignal) => Promise<void>,
  ): Promise<boolean> {
    const location = vscode.ProgressLocation.Notification;
    return vscode.window.withProgress(
      { location, title, cancellable: true },
      async (progress, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort());
        try {
          await work((increment) => progress.report({ increment }), abort.signal);
          return true;
        } catch (error) {
          if (abort.signal.aborted) return false;
          throw error;
        }
      },
    );
  }

  async #fetch(path: string, signal?: AbortSignal): Promise<Response> {
    // A tab that was open when the window was reloaded reads its file before anything else.
    await this.known;
    const { server, account }: Connected = this.chat.connected ?? signedOut();
    // The token is sent to the server's files only, whatever the page or a link says.
    const file = server.media(path);
    if (!file) throw new Problem("refused", vscode.l10n.t("This is not a file of the chat."));
    const response = await server.fetch(file, { token: account.token, signal, timeout: 3600_000 });
    if (response.ok) return response;
    throw new Problem(
      "refused",
      response.status === 404
        ? vscode.l10n.t("This file is no longer there, or no longer yours to read.")
        : vscode.l10n.t(
            "The server did not give the file ({0}). Try again in a moment.",
            response.status,
          ),
    );
  }

  // -- A read-only file system ------------------------------------------------------------------

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => {});
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { bytes } = await this.#content(uri);
    return { type: vscode.FileType.File, ctime: 0, mtime: 0, size: bytes.byteLength };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return new Uint8Array((await this.#content(uri)).bytes);
  }

  readonly #recent = new Map<string, Promise<Content>>();

  #content(uri: vscode.Uri): Promise<Content> {
    const key = uri.toString();
    const known = this.#recent.get(key);
    if (known) return known;
    const content = this.read(uri.query).catch((error: unknown) => {
      this.#recent.delete(key);
      throw vscode.FileSystemError.Unavailable((error as Error).message);
    });
    this.#recent.set(key, content);
    if (this.#recent.size > 4) this.#recent.delete([...this.#recent.keys()][0] ?? "");
    return content;
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  writeFile(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  delete(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  rename(): never {
    throw vscode.FileSystemError.NoPermissions();
  }
}

function signedOut(): never {
  throw new Problem("signed_out", vscode.l10n.t("Sign in to Media Chat first."));
}

const NO_NAME = /[/\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const NO_NAME_ON_WINDOWS = /[\\:*?"<>|]/g;

/** Turns a name by another person into a plain file name. */
export function safeName(name: string, anyName = takesAnyName): string {
  const plain = name
    .replace(NO_NAME, "_")
    .replace(anyName ? /(?!)/ : NO_NAME_ON_WINDOWS, "_")
    .trim();
  return /^\.*$/.test(plain) ? "file" : plain.slice(0, 200);
}

function proposed(name: string): vscode.Uri | undefined {
  const folder = vscode.workspace.workspaceFolders?.[0];
  return folder ? vscode.Uri.joinPath(folder.uri, safeName(name)) : undefined;
}

async function collected(
  response: Response,
  progress: (increment: number) => void,
): Promise<Uint8Array> {
  const total = Number(response.headers.get("Content-Length") ?? 0);
  const reader = response.body?.getReader();
  if (!reader) return new Uint8Array(await response.arrayBuffer());
  const parts: BlobPart[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    if (total) progress((value.byteLength / total) * 100);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
