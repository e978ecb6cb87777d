const KEY = "mediachat.tab";
/** How long the lock of this tab's former page may take to go, in milliseconds. */
const FORMER_PAGE_GOES = 500;

/** @param {string} id */
const lockOf = (id) => `${KEY}.${id}`;

/**
 * @param {LockManager} locks
 * @param {string} id
 * @returns {Promise<boolean>} false where another tab holds this lock
 */
function holds(locks, id) {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(FORMER_PAGE_GOES);
    locks
      .request(lockOf(id), { signal }, () => {
        resolve(true);
        return new Promise(() => {}); // until the page goes
      })
      .catch(() => resolve(false));
  });
}

/** @typedef {import("./host.js").Tabs} Tabs */

/**
 * The tabs of this browser.
 * @implements {Tabs}
 */
export class BrowserTabs {
  id = "";

  /**
   * Finds this tab's id: the same after a reload, another one in a duplicate of the tab. A lock says
   * to the other tabs that it is open. It stays '' where tabs cannot tell each other apart.
   */
  async claim() {
    const { locks } = navigator;
    if (!locks) return;
    try {
      const known = sessionStorage.getItem(KEY);
      const id = known && (await holds(locks, known)) ? known : crypto.randomUUID();
      if (id !== known) await holds(locks, id);
      sessionStorage.setItem(KEY, id);
      this.id = id;
    } catch {
      // where storage is forbidden
    }
  }

  async open() {
    const { held = [] } = (await navigator.locks?.query()) ?? {};
    const names = new Set(held.map(({ name }) => name));
    return (/** @type {string} */ id) => names.has(lockOf(id));
  }
}
