/** What the parts under test use of VS Code outside of it: sentences as they are written. */
export const l10n = {
  t: (words: string, ...values: unknown[]) =>
    words.replace(/\{(\d)\}/g, (_match, index) => String(values[Number(index)])),
};

/** What a person has been shown since the test emptied it. */
export const said: string[] = [];
/** The one file of the workspace, once a test puts it there. */
export const there: { path: string; text: string } = { path: "", text: "" };

/** Writes a setting as a test wants it. */
export const settings = { update: (): Promise<void> => Promise.resolve() };

const say = <T>(words: string, answer: T): Promise<T> => {
  said.push(words);
  return Promise.resolve(answer);
};

export const window = {
  state: { focused: false },
  onDidChangeWindowState: () => ({ dispose() {} }),
  showWarningMessage: (words: string) => say(words, undefined),
  showInformationMessage: (words: string) => say(words, undefined),
  setStatusBarMessage: (words: string) => void say(words, undefined),
  showSaveDialog: ({ title }: { title: string }) => say(title, {}),
  showTextDocument: () => Promise.resolve(),
  withProgress: (options: { title: string }, work: (...given: object[]) => unknown) =>
    say(options.title, undefined).then(() =>
      work({ report() {} }, { onCancellationRequested() {} }),
    ),
};

export const workspace = {
  getConfiguration: () => ({
    get: <T>(_name: string, other: T) => other,
    update: () => settings.update(),
  }),
  asRelativePath: ({ path }: { path: string }) => path,
  findFiles: () => Promise.resolve(there.path ? [Uri.file(there.path)] : []),
  isTrusted: true,
  getWorkspaceFolder: () => undefined,
  /** Documents that editors show, once a test opens any. */
  textDocuments: [] as { uri: Uri; getText(): string }[],
  decode: (bytes: Uint8Array) => Promise.resolve(new TextDecoder().decode(bytes)),
  encode: (text: string) => Promise.resolve(new TextEncoder().encode(text)),
  openTextDocument: () => Promise.resolve({ lineCount: 1, lineAt: () => ({ text: there.text }) }),
  registerTextDocumentContentProvider: () => ({ dispose() {} }),
  registerFileSystemProvider: () => ({ dispose() {} }),
  fs: {
    stat: () => Promise.resolve({ size: there.text.length }),
    readFile: () => Promise.resolve(new TextEncoder().encode(there.text)),
    writeFile: () => Promise.resolve(),
  },
};

export const languages = {
  getLanguages: () => Promise.resolve([]),
  setTextDocumentLanguage: () => Promise.resolve(),
};
export const commands = { executeCommand: () => Promise.resolve() };
/** What the editor's Git extension exports, once a test says that there is one. */
export const gitExtension: { exports?: object } = {};
export const extensions = {
  getExtension: () =>
    gitExtension.exports ? { isActive: true, exports: gitExtension.exports } : undefined,
};
export const ProgressLocation = { Notification: 15, Window: 10 };
export const ConfigurationTarget = { Global: 1 };
export class EventEmitter {
  readonly #listeners = new Set<(value: unknown) => void>();
  readonly event = (listener: (value: unknown) => void) => {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  };
  fire(value?: unknown): void {
    for (const listener of this.#listeners) listener(value);
  }
  dispose(): void {
    this.#listeners.clear();
  }
}
export class Range {}
export class ThemeColor {
  constructor(readonly id: string) {}
}
export class CancellationTokenSource {
  readonly token = {};
  cancel(): void {}
}
export class Uri {
  private constructor(
    readonly scheme: string,
    readonly path: string,
    readonly query = "",
  ) {}
  static file = (path: string) => new Uri("file", path);
  static from = ({ scheme, path, query }: { scheme: string; path: string; query?: string }) =>
    new Uri(scheme, path, query);
  static joinPath = (base: Uri, name: string) =>
    new Uri(base.scheme, `${base.path}/${name}`, base.query);
  toString(): string {
    return `${this.scheme}:${this.path}?${this.query}`;
  }
  get fsPath(): string {
    return this.path;
  }
}
/** Named by those parts, and not used in the tests. */
export const [Disposable, FileSystemError, FileType] = [{}, {}, {}];
