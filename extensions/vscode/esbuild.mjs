/**
 * Builds the extension for Node and for the browser, and what the webview loads. With `--watch` it
 * builds them again, for debuggers, whenever a file of theirs is saved.
 */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, "../..");
const file = (...parts) => path.join(here, ...parts);

const shared = {
  bundle: true,
  minify: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  absWorkingDir: here,
  // sanitize-html reads style attributes with it, which are never let through here.
  alias: { postcss: file("src/platform/nothing.ts") },
};

/** What differs between the two hosts is in one file for each. */
const platform = (name) => ({
  name: "platform",
  setup({ onResolve }) {
    onResolve({ filter: /^#platform$/ }, () => ({ path: file("src/platform", `${name}.ts`) }));
  },
});

/** What the page's modules need beside themselves: its stylesheets, and the emoji's data. */
const page = {
  name: "page",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^virtual:styles$/ }, () => ({ path: "styles", namespace: "virtual" }));
    onLoad({ filter: /.*/, namespace: "virtual" }, async () => ({
      contents: [...(await stylesheets()), file("src/webview/editor.css")]
        .map((name) => `@import ${JSON.stringify(name)};`)
        .join("\n"),
      loader: "css",
      resolveDir: here,
    }));
    // Of the emoji's data only what the picker shows and searches.
    onLoad({ filter: /emojibase\/data\.json$/ }, async ({ path }) => {
      const emoji = JSON.parse(await readFile(path, "utf8"));
      const slim = emoji
        .filter(({ group }) => group !== undefined)
        .map(({ emoji, annotation, group, order, tags, shortcodes }) => [
          emoji,
          annotation,
          group,
          order,
          (tags ?? []).join(" "),
          shortcodes ?? [],
        ]);
      return { contents: JSON.stringify(slim), loader: "json" };
    });
  },
};

/** The page's stylesheets, in the order in which the server's templates name them. */
async function stylesheets() {
  const names = [];
  for (const template of ["templates/base.html", "templates/chat/page.html"]) {
    const html = await readFile(path.join(root, template), "utf8");
    for (const [, name] of html.matchAll(/rel="stylesheet" href="{% static '([\w./-]+)' %}"/g)) {
      names.push(path.join(root, "static", name));
    }
  }
  if (names.length < 3) throw new Error("The templates name no stylesheets.");
  return names;
}

if (process.argv.includes("--tests")) {
  const names = (await readdir(file("test/unit"))).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...shared,
    minify: false,
    entryPoints: names.map((name) => file("test/unit", name)),
    outdir: file("dist/test"),
    outExtension: { ".js": ".mjs" },
    platform: "node",
    target: "node20",
    format: "esm",
    // sanitize-html is CommonJS.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    plugins: [platform("node")],
    alias: { ...shared.alias, vscode: file("test/unit/vscode.ts") },
  });
  process.exit();
}

const make = process.argv.includes("--watch")
  ? async (options) =>
      (await context({ ...options, minify: false, sourcemap: "inline", logLevel: "info" })).watch()
  : build;

await Promise.all([
  make({
    ...shared,
    entryPoints: { "dist/node/extension": file("src/extension.ts") },
    outdir: here,
    platform: "node",
    target: "node20",
    format: "cjs",
    external: ["vscode", "bufferutil", "utf-8-validate"],
    plugins: [platform("node")],
  }),
  make({
    ...shared,
    entryPoints: { "dist/web/extension": file("src/extension.ts") },
    outdir: here,
    platform: "browser",
    target: "es2022",
    format: "cjs",
    external: ["vscode"],
    plugins: [platform("web")],
  }),
  make({
    ...shared,
    entryPoints: {
      "dist/webview/chat": file("src/webview/chat.ts"),
      "dist/webview/sign-in": file("src/webview/sign-in.ts"),
      "dist/webview/page": "virtual:styles",
    },
    outdir: here,
    platform: "browser",
    target: "es2022",
    format: "iife",
    loader: { ".svg": "dataurl" },
    plugins: [page],
  }),
]);
