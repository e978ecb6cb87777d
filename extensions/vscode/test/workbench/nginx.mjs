/** nginx with the configuration that we ship, before a server below a path of its host. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, until } from "./chat-server.mjs";

const shipped = fileURLToPath(new URL("../../../../deploy/nginx.conf", import.meta.url));

export class Nginx {
  #process;
  #folder = mkdtempSync(path.join(os.tmpdir(), "media-chat-nginx-"));

  /** @param {import("./chat-server.mjs").ChatServer} server */
  static async before(server) {
    const nginx = new Nginx();
    nginx.port = await freePort();
    const configuration = readFileSync(shipped, "utf8")
      .replace(/app[12]:8000/g, `${server.host}:${server.port}`)
      .replace("listen 80;", `listen 127.0.0.1:${nginx.port};`)
      .replace("/run/nginx.pid", path.join(nginx.#folder, "nginx.pid"))
      .replace(/location (= )?\/(.*) \{/g, `location $1${server.prefix}/$2 {`);
    const file = path.join(nginx.#folder, "nginx.conf");
    writeFileSync(file, configuration);
    nginx.#process = spawn("nginx", ["-p", nginx.#folder, "-c", file, "-g", "daemon off;"], {
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
      stdio: ["ignore", "inherit", "inherit"],
    });
    process.once("exit", () => nginx.#process.kill());
    await until(
      "nginx",
      async () => (await fetch(`http://127.0.0.1:${nginx.port}${server.prefix}/healthz`)).ok,
    );
    return nginx;
  }

  async end() {
    this.#process.kill();
    if (this.#process.exitCode === null) await once(this.#process, "exit");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
