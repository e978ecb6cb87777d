/** An input method, which composes text in whatever has the focus as that of a system does. */
export class InputMethod {
  #session;

  /** @param {import("playwright-core").Page} page */
  static async on(page) {
    const method = new InputMethod();
    method.#session = await page.context().newCDPSession(page);
    return method;
  }

  begin(text) {
    const { length } = text;
    return this.#session.send("Input.imeSetComposition", {
      text,
      selectionStart: length,
      selectionEnd: length,
    });
  }

  /** A key that it takes. Browsers say so by the code, or only by `isComposing`. */
  async press(key, code = 229) {
    for (const type of ["rawKeyDown", "keyUp"]) {
      await this.#session.send("Input.dispatchKeyEvent", {
        type,
        key,
        windowsVirtualKeyCode: code,
      });
    }
  }

  confirm(text) {
    return this.#session.send("Input.insertText", { text });
  }
}
