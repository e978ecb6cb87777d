/** The real server, on data of its own, as a test starts and kills it. */
import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { on, once } from "node:events";
import { cpSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../../..");
/** How long a test waits for what has to come, in milliseconds. The machine may have much else to do. */
export const TIMEOUT_MS = 90_000;
export const PASSWORD = "correct horse battery staple";

export async function freePort() {
  const listener = createServer();
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address();
  listener.close();
  await once(listener, "close");
  return port;
}

/** Polls until `ask` gives something, and gives that; fails with `what` after so many seconds. */
export async function until(what, ask, seconds = TIMEOUT_MS / 1000) {
  const end = Date.now() + seconds * 1000;
  let last;
  while (Date.now() < end) {
    try {
      const result = await ask();
      if (result) return result;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what} did not come in ${seconds} s.${last ? ` ${last.message}` : ""}`);
}

export class ChatServer {
  #process = null;
  host = "127.0.0.1";
  settings = {};

  /** @param {{host?: string, settings?: Record<string, string>}} given its address, and settings of its own */
  static async create({ host = "127.0.0.1", settings = {} } = {}) {
    const server = new ChatServer();
    server.host = host;
    server.settings = settings;
    server.dataDir = mkdtempSync(path.join(os.tmpdir(), "media-chat-"));
    server.port = await freePort();
    server.prefix = settings.URL_PREFIX ?? "";
    server.origin = `http://${host}:${server.port}`;
    server.url = server.origin + server.prefix;
    // What is prepared is a database of SQLite.
    if (process.env.PREPARED && !settings.DATABASE_URL)
      cpSync(path.join(process.env.PREPARED, "data"), server.dataDir, { recursive: true });
    else server.migrate();
    process.once("exit", () => server.#process?.kill("SIGKILL"));
    await server.start();
    return server;
  }

  get environment() {
    const { PATH, HOME, LANG = "C.UTF-8" } = process.env;
    // DEBUG serves the page's files as they are; everything else is as in production.
    return {
      PATH,
      HOME,
      LANG,
      DATA_DIR: this.dataDir,
      DEBUG: "1",
      RATE_LIMITS: "off",
      HEARTBEAT: "2",
      ALLOWED_HOSTS: this.host,
      ...this.settings,
    };
  }

  /** Makes the database, of a server that has never run. */
  migrate() {
    const { status, stderr } = spawnSync(python, ["manage.py", "migrate", "-v0"], {
      cwd: root,
      env: this.environment,
    });
    if (status !== 0) throw new Error(String(stderr));
  }

  async start() {
    const log = openSync(path.join(this.dataDir, "server.log"), "a");
    const args = ["-m", "mediachat.server", "--host", this.host, "--port", String(this.port)];
    this.#process = spawn(python, args, {
      cwd: root,
      env: this.environment,
      stdio: ["ignore", log, log],
    });
    await until("The server", async () => (await fetch(`${this.url}/healthz`)).ok, 40);
  }

  async kill() {
    const running = this.#process;
    this.#process = null;
    if (!running || running.exitCode !== null) return;
    running.kill("SIGKILL");
    await once(running, "exit");
  }

  /** Runs Python in the server's surroundings, and gives what it prints. */
  shell(code) {
    const { status, stdout, stderr } = spawnSync(
      python,
      ["manage.py", "shell", "-v0", "-c", code],
      { cwd: root, env: this.environment, encoding: "utf8" },
    );
    if (status !== 0) throw new Error(stderr);
    return stdout.trim();
  }

  get log() {
    return readFileSync(path.join(this.dataDir, "server.log"), "utf8");
  }

  async end() {
    await this.kill();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** Where a door is. The addresses that the server gives have the path already below which it is. */
  #at(door) {
    return this.origin + (door.startsWith(`${this.prefix}/`) ? door : this.prefix + door);
  }

  async post(door, body, token) {
    const headers = {
      "Content-Type": "application/json",
      ...(token ? { "X-Session-Token": token } : {}),
    };
    const response = await fetch(this.#at(door), {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    return { status: response.status, ...(await response.json().catch(() => ({}))) };
  }

  async signUp(username) {
    const { meta, status } = await this.post("/_allauth/app/v1/auth/signup", {
      username,
      password: PASSWORD,
    });
    if (status !== 200) throw new Error(`${username} could not sign up: ${status}`);
    return meta.session_token;
  }

  /** Makes ada and grace, and the room of the two, which both have opened. @returns their tokens, and the room */
  async adaAndGrace() {
    const ada = await this.signUp("ada");
    const grace = await this.signUp("grace");
    await this.openRoom(ada, { kind: "direct", name: "", members: ["grace"] });
    const direct = await this.openRoom(grace, { kind: "direct", name: "", members: ["ada"] });
    return { ada, grace, direct };
  }

  async get(door, token) {
    const response = await fetch(this.#at(door), { headers: { "X-Session-Token": token } });
    if (!response.ok) throw new Error(`${door}: ${response.status}`);
    return response;
  }

  /** Does what only a socket can, and gives the answer to it. */
  async command(token, command) {
    const { ticket } = await this.post("/api/v1/tickets", {}, token);
    const address = String(this.#at("/ws/client/")).replace(/^http/, "ws");
    const socket = new WebSocket(address, ["mediachat.v1", `ticket.${ticket}`]);
    try {
      await once(socket, "open");
      socket.send(JSON.stringify({ ref: "1", ...command }));
      for await (const [data] of on(socket, "message", { signal: AbortSignal.timeout(20_000) })) {
        const answer = [JSON.parse(data)].flat().find(({ ref }) => ref === "1");
        if (answer?.type === "error") throw new Error(answer.detail);
        if (answer) return answer;
      }
    } finally {
      socket.close();
    }
  }

  /** What this person's rooms are to them. */
  async rooms(token) {
    const answer = await (await this.get("/api/v1/rooms", token)).json();
    return answer.rooms ?? answer;
  }

  /** The newest messages of a room, newest last. */
  async messages(token, room, limit = 50) {
    return (await (await this.get(`/api/v1/rooms/${room}/messages?limit=${limit}`, token)).json())
      .messages;
  }

  /** Opens a room, as `POST /api/v1/rooms` takes it. */
  async openRoom(token, room) {
    const { id, status, detail } = await this.post("/api/v1/rooms", room, token);
    if (!id) throw new Error(`The room was not opened: ${status} ${detail}`);
    return id;
  }

  /** Sends a message, as `POST /api/v1/rooms/{id}/messages` takes it. */
  async send(token, room, body, more = {}) {
    const message = { client_id: randomUUID(), body, ...more };
    const { status, detail } = await this.post(`/api/v1/rooms/${room}/messages`, message, token);
    if (status >= 300) throw new Error(`The message was not sent: ${status} ${detail}`);
  }

  async upload(token, name, content) {
    const form = new FormData();
    form.append("file", new File([content], name));
    const response = await fetch(this.#at("/api/v1/attachments"), {
      method: "POST",
      headers: { "X-Session-Token": token },
      body: form,
    });
    if (!response.ok) throw new Error(`The file was not uploaded: ${response.status}`);
    return response.json();
  }
}

const python = path.join(root, ".venv/bin/python");
