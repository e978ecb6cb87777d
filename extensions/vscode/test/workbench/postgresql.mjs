/** A PostgreSQL that a test can kill and start again as it was. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../../..");

export class PostgreSQL {
  #process = spawn(path.join(root, ".venv/bin/python"), ["-m", "tests.databases.stopped"], {
    cwd: root,
    stdio: ["pipe", "pipe", "inherit"],
  });
  #lines = readline.createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  /** The address of an empty database on it. */
  url = "";

  static async create() {
    const database = new PostgreSQL();
    process.once("exit", () => database.#process.stdin.end());
    database.url = await database.#answer();
    return database;
  }

  async kill() {
    this.#process.stdin.write("kill\n");
    await this.#answer();
  }

  async start() {
    this.#process.stdin.write("start\n");
    await this.#answer();
  }

  async end() {
    this.#process.stdin.end();
    await once(this.#process, "exit");
  }

  async #answer() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("PostgreSQL did not start.");
    return value;
  }
}
