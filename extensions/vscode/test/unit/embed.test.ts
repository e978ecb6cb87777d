import assert from "node:assert/strict";
import { test } from "node:test";
import { embedded } from "../../src/view/embed.js";

test("of the server's page the chat's element is taken, and nothing that runs or loads", () => {
  const html = `<!doctype html><html><head><script>evil()</script><link rel="stylesheet" href="//evil"></head>
    <body onload="evil()" class="x"><mc-app data-password="javascript:evil()" onclick="evil()" style="x">
    <img src=x onerror=evil()><a href="command:evil">x</a></mc-app>
    <iframe src="//evil"></iframe><form action="//evil"><input name=password></form>
    <base href="//evil"><meta http-equiv="refresh" content="0;//evil"><script id="boot">{}</script></body></html>`;
  const clean = embedded(html);
  assert.match(clean ?? "", /<mc-app>/);
  assert.doesNotMatch(
    clean ?? "",
    /evil|script|style|href|src|form|input|iframe|meta|base|boot|data-|on\w+=/i,
  );
});

test("a page without the chat, or with two, is not taken", () => {
  assert.equal(embedded("<body><p>Sign in to the network</p></body>"), null);
  assert.equal(embedded("<body><mc-app></mc-app><mc-app></mc-app></body>"), null);
});

test("what looks like the chat only in a comment or a script is not taken", () => {
  assert.equal(
    embedded("<body><!-- <mc-app> --><script>'<mc-app></mc-app>'</script></body>"),
    null,
  );
});
