/** A proxy to a server, on which a test hears all that is said, and holds uploads up to see them under way. */
import { connect, createServer } from "node:net";
import { once } from "node:events";

export class TcpProxy {
  #held = new Set();
  #isHeld = false;
  /** What the clients have said, and what the server has, piece by piece, where it is kept. */
  #asked = [];
  #answered = [];

  /**
   * @param {number} port of the server, on this machine
   * @param {{host?: string, hears?: boolean}} options the server's address, and whether what is said is kept
   */
  static async to(port, { host = "127.0.0.1", hears = false } = {}) {
    const proxy = new TcpProxy();
    proxy.hears = hears;
    proxy.listener = createServer((from) => proxy.#carry(from, connect(port, host)));
    proxy.listener.listen(0, host);
    await once(proxy.listener, "listening");
    proxy.url = `http://${host}:${proxy.listener.address().port}`;
    return proxy;
  }

  #carry(from, to) {
    for (const [one, other] of [
      [from, to],
      [to, from],
    ]) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
    to.pipe(from);
    if (this.hears) to.on("data", (data) => this.#answered.push(data));
    from.on("data", (data) => {
      to.write(data);
      if (this.hears) this.#asked.push(data);
      // Everything else goes on: a chat that stands still would be given up as lost.
      if (!this.#isHeld || !data.includes("/api/v1/attachments HTTP")) return;
      from.pause();
      this.#held.add(from);
    });
  }

  get asked() {
    return Buffer.concat(this.#asked).toString("latin1");
  }

  get answered() {
    return Buffer.concat(this.#answered).toString("latin1");
  }

  /** Uploads that begin from now on stand still after their first bytes. */
  hold() {
    this.#isHeld = true;
  }

  release() {
    this.#isHeld = false;
    for (const each of this.#held) each.resume();
    this.#held.clear();
  }

  end() {
    this.release();
    this.listener.close();
  }
}
