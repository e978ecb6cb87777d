/**
 * Which folder may import which: imports of values and of types, since both have to be read to
 * understand a module. A folder names only such as stand above it in its list, so that none of them
 * leads back; and no module imports one that imports it, also through others.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The files beside `client/` are named one by one. */
const CLIENT = ["protocol.js", "client/lib"];
const COMPONENT = [
  "protocol.js",
  "client",
  "client.js",
  "client/lib",
  "client/people",
  "page/host",
  "page/lib",
];

/** @type {Record<string, Record<string, string[]>>} the folders of each tree, and what each imports */
const TREES = {
  "static/chat": {
    "protocol.js": [],
    "client/lib": ["protocol.js"],
    "client/retry": CLIENT,
    "client/connection": CLIENT,
    "client/uploads": [...CLIENT, "client/retry", "client/connection"],
    "client/outbox": [...CLIENT, "client/retry", "client/uploads"],
    "client/message-log": [...CLIENT, "client/retry", "client/uploads", "client/outbox"],
    "client/people": CLIENT,
    "client/personal": [...CLIENT, "client/retry"],
    "client/reading": [...CLIENT, "client/message-log"],
    "client/state": [
      ...CLIENT,
      "client/retry",
      "client/uploads",
      "client/outbox",
      "client/message-log",
      "client/people",
      "client/personal",
      "client/reading",
    ],
    client: [
      ...CLIENT,
      "client/retry",
      "client/connection",
      "client/uploads",
      "client/outbox",
      "client/message-log",
      "client/state",
    ],
    transports: [...CLIENT, "client/connection"],
    "client.js": ["protocol.js", "client/lib", "client/connection", "client", "transports"],
    scripts: [],
    "page/host": ["protocol.js", "client"],
    "page/lib": [...COMPONENT.filter((name) => name !== "page/lib"), "client/uploads"],
    "page/people": COMPONENT,
    "page/emoji": COMPONENT,
    "page/composer": [...COMPONENT, "client/message-log", "client/uploads", "page/people"],
    "page/messages": [
      ...COMPONENT,
      "client/message-log",
      "client/reading",
      "page/people",
      "page/composer",
    ],
    "page/rooms": [...COMPONENT, "page/people", "page/composer", "page/messages"],
    "page/unsent": COMPONENT,
    "page/dialogs": [...COMPONENT, "page/people", "page/messages", "page/unsent"],
    "page/shell": [...COMPONENT, "page/people", "page/unsent"],
    page: [
      ...COMPONENT,
      "transports",
      "page/people",
      "page/emoji",
      "page/composer",
      "page/rooms",
      "page/unsent",
      "page/dialogs",
      "page/shell",
    ],
  },
  "extensions/vscode/src": {
    platform: [],
    server: [],
    account: ["server"],
    chat: ["platform", "server", "account"],
    bridge: ["chat"],
    rooms: ["platform", "chat"],
    code: ["platform", "chat", "bridge", "rooms"],
    files: ["platform", "server", "chat", "rooms"],
    view: ["platform", "server", "account", "chat", "bridge", "code", "files"],
    notifications: ["chat", "rooms", "view"],
    webview: ["chat", "bridge", "files"],
    "": [
      "platform",
      "server",
      "account",
      "chat",
      "rooms",
      "code",
      "files",
      "view",
      "notifications",
    ],
  },
};

for (const [tree, folders] of Object.entries(TREES)) {
  const modules = modulesOf(tree);

  test(`${tree}: every folder is named, and every name is a folder`, () => {
    const found = new Set([...modules.keys()].map((name) => folderOf(tree, name)));
    assert.deepEqual([...found].sort(), Object.keys(folders).sort());
  });

  test(`${tree}: a folder imports only what stands above it`, () => {
    const names = Object.keys(folders);
    for (const [folder, imported] of Object.entries(folders)) {
      const above = names.slice(0, names.indexOf(folder));
      assert.deepEqual(
        imported.filter((name) => !above.includes(name)),
        [],
        folder || "the top",
      );
    }
  });

  test(`${tree}: each module imports what its folder may`, () => {
    const wrong = [];
    /** @type {Record<string, Set<string>>} */
    const used = {};
    for (const [name, imported] of modules) {
      const folder = folderOf(tree, name);
      for (const other of imported) {
        // What an extension takes from the page is the page's own business.
        if (!modules.has(other)) continue;
        const to = folderOf(tree, other);
        (used[folder] ??= new Set()).add(to);
        if (to !== folder && !folders[folder]?.includes(to)) wrong.push(`${name} imports ${other}`);
      }
    }
    assert.deepEqual(wrong, []);
    // A pattern that finds no imports would find none that are wrong.
    assert.ok(Object.values(used).flatMap((others) => [...others]).length > 20);
  });

  test(`${tree}: no module imports one that imports it`, () => {
    assert.deepEqual(circles(modules), []);
  });
}

test("the page imports nothing of the extension", () => {
  for (const imported of modulesOf("static/chat").values())
    for (const name of imported) assert.ok(name.startsWith("static/"), name);
});

test("a circle is found, also one through others", () => {
  const modules = new Map([
    ["a", ["b"]],
    ["b", ["c"]],
    ["c", ["b"]],
    ["d", ["a"]],
  ]);
  assert.deepEqual(circles(modules), [["b", "c"]]);
});

/**
 * The modules of a tree, each with the files that it imports; all by their path from the root.
 * @param {string} tree
 * @returns {Map<string, string[]>}
 */
function modulesOf(tree) {
  const modules = new Map();
  for (const entry of readdirSync(path.join(ROOT, tree), { recursive: true, encoding: "utf8" })) {
    const name = path.posix.join(tree, entry.split(path.sep).join("/"));
    if (/\.[jt]s$/.test(name)) modules.set(name, importsOf(name));
  }
  return modules;
}

/** @param {string} name */
function importsOf(name) {
  const text = readFileSync(path.join(ROOT, name), "utf8");
  const found = text.matchAll(/\b(?:from|import|import\()\s*["'](\.\.?\/[^"']+)["']/g);
  return [...new Set([...found].map(([, target]) => fileAt(name, target)))];
}

/**
 * @param {string} name
 * @param {string} target as the module names it, where types are named as what is made of them
 */
function fileAt(name, target) {
  const file = path.posix.join(path.posix.dirname(name), target);
  const stem = file.replace(/\.js$/, "");
  const there = [file, `${stem}.ts`, `${stem}.d.ts`].find((each) =>
    existsSync(path.join(ROOT, each)),
  );
  assert.ok(there, `${name} imports ${target}, which is not there`);
  return there;
}

/**
 * @param {string} tree
 * @param {string} name
 */
function folderOf(tree, name) {
  const inTree = path.posix.relative(tree, name);
  const folder = path.posix.dirname(inTree);
  if (folder !== ".") return folder;
  return tree === "static/chat" ? inTree.replace(/\.d\.ts$/, ".js") : "";
}

/**
 * The modules that lead back to themselves, together with those on the way (Tarjan's algorithm).
 * @param {Map<string, string[]>} modules
 * @returns {string[][]}
 */
function circles(modules) {
  /** @type {Map<string, {index: number, low: number, onStack: boolean}>} */
  const seen = new Map();
  /** @type {string[]} */
  const stack = [];
  /** @type {string[][]} */
  const found = [];
  /** @param {string} name */
  const visit = (name) => {
    const state = { index: seen.size, low: seen.size, onStack: true };
    seen.set(name, state);
    stack.push(name);
    for (const other of modules.get(name) ?? []) {
      const known = seen.get(other);
      if (!known) state.low = Math.min(state.low, visit(other).low);
      else if (known.onStack) state.low = Math.min(state.low, known.index);
    }
    if (state.low === state.index) {
      const group = stack.splice(stack.indexOf(name));
      for (const each of group) Object.assign(seen.get(each) ?? {}, { onStack: false });
      if (group.length > 1 || modules.get(name)?.includes(name)) found.push(group.sort());
    }
    return state;
  };
  for (const name of modules.keys()) if (!seen.has(name)) visit(name);
  return found;
}
