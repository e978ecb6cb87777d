/** What another extension sees of ours, in its own host, while somebody is signed in. */
const assert = require("node:assert/strict");
const { report } = require("./report.cjs");

/** What the test outside has prepared, as a file of the workspace. */
async function given(vscode) {
  const [folder] = vscode.workspace.workspaceFolders;
  const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder.uri, "given.json"));
  return JSON.parse(new TextDecoder().decode(bytes));
}

const file =
  (query, name = "table.csv") =>
  (vscode) =>
    vscode.Uri.from({ scheme: "mediachat", path: `/x/${name}`, query });

/** Silent, since a question would wait for an answer. */
async function session(vscode) {
  for (let waited = 0; waited < 20_000; waited += 50) {
    const found = await vscode.authentication.getSession("mediachat", [], { silent: true });
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return undefined;
}

exports.tests = {
  "tells an extension that the person trusts who is signed in, and never the token": async (
    vscode,
  ) => {
    const found = await session(vscode);
    const { username } = await given(vscode);
    assert.equal(found?.account.label, username);
    assert.equal(found.accessToken, "");
    assert.deepEqual(found.scopes, ["account"]);
    assert.deepEqual(
      (await vscode.authentication.getAccounts("mediachat")).map(({ label }) => label),
      [username],
    );
  },
  "opens the files of messages as an editor's documents": async (vscode) => {
    const { path, content } = await given(vscode);
    const uri = file(path)(vscode);
    assert.equal((await vscode.workspace.fs.stat(uri)).size, content.length);
    const document = await vscode.workspace.openTextDocument(uri);
    assert.equal(document.getText(), content);
    assert.equal(vscode.workspace.fs.isWritableFileSystem("mediachat"), false);
  },
  "asks for nothing but files of the server that one is signed in to": async (vscode) => {
    const { path, elsewhere } = await given(vscode);
    for (const query of [
      "/api/v1/rooms",
      "/embed/",
      `${elsewhere}${path}`,
      path.replace("/media/", "/media/../api/"),
      "",
    ]) {
      await assert.rejects(
        async () => vscode.workspace.fs.readFile(file(query)(vscode)),
        /not a file of the chat/,
        query,
      );
    }
  },
  "says so when a file is not there": async (vscode) => {
    const uri = file("/media/00000000-0000-4000-8000-000000000000/none.txt", "none.txt")(vscode);
    await assert.rejects(async () => vscode.workspace.fs.readFile(uri), /no longer there/);
  },
  "signs out, by command, and has no session any more": async (vscode) => {
    const gone = new Promise((resolve) =>
      vscode.authentication.onDidChangeSessions(
        ({ provider }) => provider.id === "mediachat" && resolve(),
      ),
    );
    await vscode.commands.executeCommand("mediaChat.signOut");
    await gone;
    assert.equal(
      await vscode.authentication.getSession("mediachat", [], { silent: true }),
      undefined,
    );
    const { path } = await given(vscode);
    const other = file(`${path}?again`)(vscode);
    await assert.rejects(
      async () => vscode.workspace.fs.readFile(other),
      /Sign in to Media Chat first/,
    );
  },
};

exports.run = () => report(exports.tests);
