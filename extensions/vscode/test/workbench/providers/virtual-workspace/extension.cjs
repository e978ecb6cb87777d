/** A folder that is on no disk: what VS Code calls a virtual workspace. */
const vscode = require("vscode");

const FILES = {
  "/notes.md": "# Notes\n",
  "/src/tool.py": "def tool():\n    return 'made of nothing but memory'\n",
};

exports.activate = (context) => {
  const { File, Directory } = vscode.FileType;
  const below = (path) => {
    const prefix = path === "/" ? "/" : `${path}/`;
    return Object.keys(FILES)
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
  };
  const stat = ({ path }) => {
    const time = { ctime: 0, mtime: 0 };
    if (path in FILES) return { type: File, size: FILES[path].length, ...time };
    if (below(path).length > 0) return { type: Directory, size: 0, ...time };
    throw vscode.FileSystemError.FileNotFound(path);
  };
  const refuse = () => {
    throw vscode.FileSystemError.NoPermissions();
  };
  const provider = {
    onDidChangeFile: new vscode.EventEmitter().event,
    watch: () => new vscode.Disposable(() => {}),
    stat,
    readDirectory: ({ path }) => {
      const names = new Set(below(path).map((name) => name.split("/")[0]));
      return [...names].map((name) => [
        name,
        `${path === "/" ? "" : path}/${name}` in FILES ? File : Directory,
      ]);
    },
    readFile: (uri) => (stat(uri), new TextEncoder().encode(FILES[uri.path])),
    createDirectory: refuse,
    writeFile: refuse,
    delete: refuse,
    rename: refuse,
  };
  context.subscriptions.push(
    vscode.workspace.registerFileSystemProvider("memory", provider, { isReadonly: true }),
  );
};
