/** A promise with what settles it. */
export function deferred() {
  /** @type {(value?: any) => void} */
  let resolve = () => {};
  /** @type {(error: import("./errors.js").ChatError) => void} */
  let reject = () => {};
  /** @type {Promise<any>} */
  const promise = new Promise((kept, broken) => {
    resolve = kept;
    reject = broken;
  });
  return { promise, resolve, reject };
}
