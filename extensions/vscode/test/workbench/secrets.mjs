/** What nobody may find but in the editor's secret storage, and all the places to look for it. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** As the extension and the server say them to each other. Answers have codes, too, of errors. */
const ASKED = /"(password|code|verifier)":\s*"([^"]+)"/g;
const ANSWERED = /"(session_token|ticket)":\s*"([^"]+)"/g;

export class Secrets {
  #addresses = [];

  /** @param {import("./tcp-proxy.mjs").TcpProxy} proxy between the two, which hears */
  constructor(proxy, bench, window) {
    this.proxy = proxy;
    this.bench = bench;
    this.window = window;
    bench.context.on("request", (request) => this.#addresses.push(request.url()));
  }

  /** Each secret that was said so far, and what it is. */
  get all() {
    const said = [...this.proxy.asked.matchAll(ASKED), ...this.proxy.answered.matchAll(ANSWERED)];
    return new Map(said.map(([, name, value]) => [value, name]));
  }

  /** Where secrets are that should not be: none, if all is well. */
  async leaks() {
    const places = await this.#places();
    const found = [];
    for (const [secret, name] of this.all) {
      const pattern = patternOf(secret);
      for (const [place, content] of places) {
        if (pattern.test(content) && !isTheWayBack(name, place)) found.push(`${name} in ${place}`);
      }
    }
    return found;
  }

  /** Where this text is, to prove that it is looked for where something is. */
  async placesOf(text) {
    return (await this.#places())
      .filter(([, content]) => content.includes(text))
      .map(([place]) => place);
  }

  /** All that others could read: files, pages, addresses, the browser's console. */
  async #places() {
    const { bench, window, proxy } = this;
    const places = [["console", window.logs.join("\n")]];
    for (const file of filesUnder(bench.folder))
      places.push([path.relative(bench.folder, file), readFileSync(file, "latin1")]);
    for (const frame of window.page.frames())
      places.push([`frame ${frame.url()}`, await frame.evaluate(everythingKept)]);
    for (const address of new Set(this.#addresses)) places.push([`address ${address}`, address]);
    for (const [, target] of proxy.asked.matchAll(/^[A-Z]+ (\/\S*) HTTP\/1\.1\r$/gm))
      places.push([`address ${target}`, target]);
    return places;
  }
}

/** The code with which the browser comes back is in an address, and worth nothing without its verifier. */
const isTheWayBack = (name, place) =>
  name === "code" && /^address http:\/\/127\.0\.0\.1:\d+\/[\w-]+\/callback\?/.test(place);

/** A secret as it is, as in an address, and in base64; six digits only where they stand alone. */
function patternOf(secret) {
  const forms = [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString("base64").replace(/=+$/, ""),
  ];
  const any = [...new Set(forms)]
    .map((form) => form.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("|");
  return new RegExp(secret.length < 8 ? `(?<![\\w#.])(?:${any})(?!\\w)` : any);
}

/** All files below a folder. */
function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** Runs in a page: everything that it keeps, and what it shows. */
async function everythingKept() {
  const kept = [
    document.documentElement.outerHTML,
    JSON.stringify({ ...localStorage }),
    JSON.stringify({ ...globalThis.sessionStorage }),
  ];
  // The workbench keeps files there, as bytes.
  const asText = (_name, value) =>
    ArrayBuffer.isView(value) ? new TextDecoder("latin1").decode(value) : value;
  const got = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  for (const { name } of await globalThis.indexedDB.databases()) {
    const database = await got(globalThis.indexedDB.open(name));
    for (const each of database.objectStoreNames) {
      const store = database.transaction(each).objectStore(each);
      kept.push(
        JSON.stringify(await Promise.all([got(store.getAllKeys()), got(store.getAll())]), asText),
      );
    }
    database.close();
  }
  return kept.join("\n");
}
