import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import {
  EDITOR_SHORTCUTS,
  SHORTCUTS_IN_EDITOR,
} from "../../../../static/chat/page/lib/shortcuts.js";

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

interface Manifest {
  main: string;
  browser: string;
  activationEvents: string[];
  capabilities: { untrustedWorkspaces: { supported: boolean }; virtualWorkspaces: boolean };
  contributes: {
    commands: { command: string }[];
    keybindings: { command: string; key: string; mac: string; when: string }[];
    menus: Record<string, { command: string; when?: string }[]>;
    configuration: { properties: Record<string, { scope: string }> };
  };
}
const manifest = JSON.parse(read("package.json")) as Manifest;
const declared = manifest.contributes.commands.map(({ command }) => command).sort();

test("every command that is declared is registered, and the other way round", () => {
  const source = read("src/commands.ts");
  const table = source.slice(
    source.indexOf("const commands"),
    source.indexOf("for (const [name, run]"),
  );
  const registered = [...table.matchAll(/^ {4}(\w+):/gm)].map(([, name]) => `mediaChat.${name}`);
  assert.deepEqual(registered.sort(), declared);
});

test("menus name commands that exist", () => {
  for (const items of Object.values(manifest.contributes.menus)) {
    for (const { command } of items) assert.ok(declared.includes(command), command);
  }
});

test("commands that need an account are offered to those who have one", () => {
  const palette = new Map(
    manifest.contributes.menus.commandPalette?.map(({ command, when }) => [command, when]),
  );
  const always = new Set(
    ["setServer", "focusChat", "openInBrowser", "showLog"].map((name) => `mediaChat.${name}`),
  );
  for (const command of declared.filter((name) => !always.has(name))) {
    assert.match(palette.get(command) ?? "", /mediaChat\.signedIn/, command);
  }
});

test("keys are chords, the page lists them as they are, and the walkthrough and the README do", () => {
  const listed = EDITOR_SHORTCUTS.shortcuts.map(({ id, keys }) => ({
    command: `mediaChat.${id}`,
    key: keys[0]?.toLowerCase(),
  }));
  const bound = manifest.contributes.keybindings;
  assert.deepEqual(
    bound.map(({ command, key }) => ({ command, key })),
    listed,
  );
  for (const { command, key, mac } of bound) {
    assert.ok(declared.includes(command), command);
    assert.equal(mac, key.replace("ctrl", "cmd"));
    const [first, second = ""] = key.toUpperCase().split(" ");
    for (const name of ["walkthrough/keys.md", "README.md"]) {
      assert.ok(
        read(name).includes(`\`${first?.replace("CTRL", "Ctrl")}\` \`${second}\``),
        `${key} in ${name}`,
      );
    }
  }
});

test("the page's list of keys in an editor has none that the editor takes, and none of a list it does not show", () => {
  const [own, ...rest] = SHORTCUTS_IN_EDITOR;
  assert.equal(own, EDITOR_SHORTCUTS);
  assert.ok(
    !rest.some(
      ({ where, shortcuts }) =>
        where === "In the list of rooms" || shortcuts.some(({ id }) => id === "find-room"),
    ),
  );
  assert.ok(
    rest.some(({ shortcuts }) => shortcuts.some(({ keys }) => keys.includes("Ctrl+Enter"))),
  );
});

test("on a Mac ⌘K by itself still clears a terminal and the debug console", () => {
  // VS Code waits for a second key wherever an extension has a chord, and prefers that to keys of its own.
  for (const { command, when } of manifest.contributes.keybindings) {
    assert.equal(
      when,
      "!isMac || (!terminalFocus && focusedView != 'workbench.panel.repl.view')",
      command,
    );
  }
});

test("no workspace and no container that a repository describes can say where the password goes", () => {
  // A repository's devcontainer.json writes settings of the scope "machine".
  for (const [name, { scope }] of Object.entries(manifest.contributes.configuration.properties)) {
    assert.equal(scope, "application", name);
  }
});

test("it starts after the editor, in every kind of workspace and host", () => {
  assert.ok(manifest.activationEvents.includes("onStartupFinished"));
  assert.ok(!manifest.activationEvents.includes("*"));
  assert.ok(
    manifest.capabilities.untrustedWorkspaces.supported && manifest.capabilities.virtualWorkspaces,
  );
  assert.ok(manifest.main && manifest.browser);
});

test("there is no telemetry, neither declared nor built in", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<
    string,
    Record<string, string>
  >;
  const libraries = Object.keys({ ...dependencies, ...devDependencies });
  assert.deepEqual(
    libraries.filter((name) => /telemetry|applicationinsights|sentry|analytics/i.test(name)),
    [],
  );
  const names = [
    "package.json",
    "package-lock.json",
    "dist/node/extension.js",
    "dist/web/extension.js",
  ];
  for (const name of readdirSync(new URL("../../src", import.meta.url), {
    recursive: true,
    encoding: "utf8",
  })) {
    if (name.endsWith(".ts")) names.push(`src/${name}`);
  }
  for (const name of names) {
    assert.doesNotMatch(
      read(name),
      /createTelemetryLogger|TelemetryLogger|TelemetryReporter|extension-telemetry|sendTelemetry/i,
      name,
    );
  }
});
