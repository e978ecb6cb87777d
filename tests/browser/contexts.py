"""Browser contexts that the tests of a file use one after the other."""

from collections import defaultdict
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

WATCH_POLICY = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


class Contexts:
    """Keeps those of tests that passed. What a page stores is cleared between two tests, and what
    it has loaded and compiled stays: for a browser that knows nothing, to open the page costs more
    than most tests."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self._address = address
        self._free: dict[str, list[BrowserContext]] = defaultdict(list)
        self._kinds: dict[BrowserContext, str] = {}
        self._anchors: dict[BrowserContext, Page] = {}

    def page(self, address: str, *, kept: bool, **options: Any) -> Page:
        """A page for which nothing is stored, in a context that no other page of a test has."""
        kind = repr(sorted(options.items()))
        kept = kept and address == self._address  # another server ends with its test
        if kept and self._free[kind]:
            context = self._free[kind].pop()
            self._clear(context)
            return context.new_page()
        context = self._browser.new_context(base_url=address, **options)
        context.add_init_script(WATCH_POLICY)
        context.set_default_timeout(15_000)
        if kept:
            self._kinds[context] = kind
        return context.new_page()

    def give_back(self, context: BrowserContext, *, passed: bool) -> None:
        kind = self._kinds.get(context)
        if kind is None or not passed:
            context.close()
            return
        context.unroute_all()
        context.set_offline(False)
        if context not in self._anchors:
            # The process that has the site's compiled modules ends with the last page of the site.
            self._anchors[context] = context.new_page()
            self._anchors[context].goto("/healthz")
        for page in context.pages:
            if page is not self._anchors[context]:
                page.close()
        self._free[kind].append(context)

    def close(self) -> None:
        for contexts in self._free.values():
            for context in contexts:
                context.close()

    def _clear(self, context: BrowserContext) -> None:
        session = context.new_cdp_session(self._anchors[context])
        everything = {"origin": self._address, "storageTypes": "all"}
        session.send("Storage.clearDataForOrigin", everything)
        session.detach()
        context.clear_cookies()
