import * as vscode from "vscode";
import { isolated } from "../../../../static/chat/client/people/names.js";

/** A file to share, with what the editor shows of it. */
export interface SharedFile {
  uri: vscode.Uri;
  name: string;
  /** In bytes. */
  size: number;
  /** Whether the editor shows changes that are not saved. */
  isUnsaved: boolean;
  /** Where the changes are known to their own editor alone, which has to save them before they can be read. */
  isToBeSaved: boolean;
  read(): Thenable<Uint8Array>;
}

/** The files that a command is about: what is selected, or what the editor shows. */
export function filesMeant(clicked?: vscode.Uri, selected?: vscode.Uri[]): vscode.Uri[] {
  if (selected?.length) return selected;
  const uri =
    clicked ??
    vscode.window.activeTextEditor?.document.uri ??
    uriOf(vscode.window.tabGroups.activeTabGroup.activeTab);
  return uri ? [notebookOfCell(uri) ?? uri] : [];
}

/**
 * A file as the editor shows it: with what is written and not saved, in the file's own encoding
 * and line ends; as it is stored where nothing is unsaved.
 *
 * @returns null for a folder
 * @throws Error with a sentence for the person where there is no such file any more
 */
export async function sharedFile(uri: vscode.Uri): Promise<SharedFile | null> {
  const document = vscode.workspace.textDocuments.find((each) => isSame(each.uri, uri));
  if (document?.isDirty) return written(document);
  let stat: vscode.FileStat;
  try {
    stat = await vscode.workspace.fs.stat(uri);
  } catch {
    // It was never saved, or deleted since it was opened.
    if (document) return written(document);
    if (isUnsaved(uri)) return stored(uri, 0, true);
    throw new Error(vscode.l10n.t("{0} is no longer there.", isolated(nameOf(uri))));
  }
  return stat.type & vscode.FileType.Directory ? null : stored(uri, stat.size, isUnsaved(uri));
}

/**
 * The file once its own editor has saved it, under the name that it then has.
 *
 * @throws Error with a sentence for the person where it was not saved
 */
export async function afterSaving({ uri, name }: SharedFile): Promise<SharedFile> {
  const saved = await vscode.workspace.save(uri);
  const file = saved && (await sharedFile(saved));
  if (!file || file.isUnsaved)
    throw new Error(
      vscode.l10n.t("{0} could not be saved, so nothing was shared.", isolated(name)),
    );
  return file;
}

/** What an editor of text would write if it saved now. */
async function written(document: vscode.TextDocument): Promise<SharedFile> {
  const { uri, isUntitled, isDirty, languageId } = document;
  const bytes = await vscode.workspace.encode(document.getText(), { encoding: document.encoding });
  const name = nameOf(uri);
  return {
    uri,
    name: isUntitled && !name.includes(".") ? name + extensionOf(languageId) : name,
    size: bytes.byteLength,
    isUnsaved: isDirty,
    isToBeSaved: false,
    read: () => Promise.resolve(bytes),
  };
}

function stored(uri: vscode.Uri, size: number, isToBeSaved: boolean): SharedFile {
  const read = () => vscode.workspace.fs.readFile(uri);
  return { uri, name: nameOf(uri), size, isUnsaved: isToBeSaved, isToBeSaved, read };
}

/** Whether some editor has unsaved changes of a file, such as one of notebooks or of another extension. */
function isUnsaved(uri: vscode.Uri): boolean {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  return tabs.some((tab) => tab.isDirty && isSame(uriOf(tab), uri));
}

/** What a tab shows; of two files that it compares, the newer. */
function uriOf(tab: vscode.Tab | undefined): vscode.Uri | undefined {
  const input = tab?.input;
  if (input instanceof vscode.TabInputTextDiff || input instanceof vscode.TabInputNotebookDiff)
    return input.modified;
  const isOne =
    input instanceof vscode.TabInputText ||
    input instanceof vscode.TabInputCustom ||
    input instanceof vscode.TabInputNotebook;
  return isOne ? input.uri : undefined;
}

/** The text of a cell is a document of its own, and no file. */
function notebookOfCell(uri: vscode.Uri): vscode.Uri | undefined {
  const notebooks = vscode.workspace.notebookDocuments;
  return notebooks.find((each) => each.getCells().some(({ document }) => isSame(document.uri, uri)))
    ?.uri;
}

/** How files of a language are called: what was never saved has a language and no such name. */
function extensionOf(languageId: string): string {
  for (const { packageJSON } of vscode.extensions.all) {
    const { contributes } = packageJSON as {
      contributes?: { languages?: { id: string; extensions?: string[] }[] };
    };
    const known = contributes?.languages?.find(
      ({ id, extensions }) => id === languageId && extensions?.length,
    );
    if (known?.extensions?.[0]) return known.extensions[0];
  }
  return ".txt";
}

const isSame = (one: vscode.Uri | undefined, other: vscode.Uri) =>
  one?.toString() === other.toString();
const nameOf = (uri: vscode.Uri) => uri.path.split("/").at(-1) || "file";
