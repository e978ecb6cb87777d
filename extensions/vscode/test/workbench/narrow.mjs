/** A way to a server on which uploads can be held up, so that a test sees them under way. */
import { connect, createServer } from "node:net";
import { once } from "node:events";

export class NarrowWay {
  #held = new Set();
  #isHeld = false;

  /** @param {number} port of the server, on this machine */
  static async to(port) {
    const way = new NarrowWay();
    way.listener = createServer((from) => way.#carry(from, connect(port, "127.0.0.1")));
    way.listener.listen(0, "127.0.0.1");
    await once(way.listener, "listening");
    way.url = `http://127.0.0.1:${way.listener.address().port}`;
    return way;
  }

  #carry(from, to) {
    for (const [one, other] of [[from, to], [to, from]]) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
    to.pipe(from);
    from.on("data", (data) => {
      to.write(data);
      // Everything else goes on: a chat that stands still would be given up as lost.
      if (!this.#isHeld || !data.includes("POST /api/v1/attachments")) return;
      from.pause();
      this.#held.add(from);
    });
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
