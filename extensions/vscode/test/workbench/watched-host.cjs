/**
 * Loaded into the workbench's processes before all else (`NODE_OPTIONS`). In its extension hosts it
 * writes down, in the file that `CONNECTIONS` names, wherever anything in them connects to. And it
 * does what the compiled part of VS Code's logger would do, which the tests' install is without:
 * what is logged comes into the log files, and so into the Output panel.
 */
const childProcess = require("node:child_process");
const dgram = require("node:dgram");
const { appendFileSync } = require("node:fs");
const Module = require("node:module");
const net = require("node:net");

if (process.argv.includes("--type=extensionHost")) {
  writeDownConnections();
  writeLogs();
} else {
  leadIntoHosts();
}

/** The server takes NODE_OPTIONS from its hosts. */
function leadIntoHosts() {
  const { fork } = childProcess;
  childProcess.fork = (file, args, options) => {
    if (!Array.isArray(args) || !args.includes("--type=extensionHost"))
      return fork(file, args, options);
    return fork(file, args, {
      ...options,
      execArgv: [...(options.execArgv ?? []), "--require", __filename],
    });
  };
  Module.syncBuiltinESMExports();
}

function writeDownConnections() {
  const note = (where) => appendFileSync(process.env.CONNECTIONS, `${where}\n`);
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (...args) {
    // Node's own callers bring their arguments in an array.
    const [first, second] = Array.isArray(args[0]) ? args[0] : args;
    const options =
      typeof first === "object"
        ? first
        : { port: first, host: typeof second === "string" ? second : "localhost" };
    note(options.path ? `pipe ${options.path}` : `${options.host ?? "localhost"}:${options.port}`);
    return connect.apply(this, args);
  };
  const { send } = dgram.Socket.prototype;
  dgram.Socket.prototype.send = function (...args) {
    note(
      `datagram ${args
        .slice(1)
        .filter((each) => typeof each !== "function")
        .join(" ")}`,
    );
    return send.apply(this, args);
  };
}

function writeLogs() {
  const levels = ["trace", "debug", "info", "warn", "error", "critical"];
  class Logger {
    #level = 2;
    #isPlain = false;

    constructor(_type, _name, file) {
      levels.forEach((name, level) => {
        this[name] = (text) => {
          if (level < this.#level) return;
          appendFileSync(
            file,
            this.#isPlain ? text : `${new Date().toISOString()} [${name}] ${text}\n`,
          );
        };
      });
    }

    setLevel(level) {
      this.#level = level;
    }

    getLevel() {
      return this.#level;
    }

    clearFormatters() {
      this.#isPlain = true;
    }

    setPattern() {}
    flush() {}
    drop() {}
  }
  const load = Module._load;
  const compiled = { version: 1, setLevel() {}, setFlushOn() {}, Logger };
  Module._load = function (request, ...rest) {
    const loaded =
      request === "bindings"
        ? (name) => (name === "spdlog" ? compiled : load.call(this, request, ...rest)(name))
        : undefined;
    return loaded ?? load.call(this, request, ...rest);
  };
}
