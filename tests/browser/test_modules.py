"""The page's modules as production serves them: no bundler, hashed names, one import map."""

import re

import pytest
from playwright.sync_api import Response

from tests.browser.conftest import OpenChat

pytestmark = pytest.mark.once

HASHED = re.compile(r"\.[0-9a-f]{12}\.m?js$")


def test_every_module_is_found_once_under_a_name_that_changes_with_it(
    open_chat: OpenChat,
) -> None:
    page = open_chat("crowd6")
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.reload()
    page.wait_for_selector("mc-account-menu .account", state="attached")
    page.wait_for_load_state("networkidle")
    modules = [answer for answer in answers if re.search(r"\.m?js$", answer.url)]
    assert len(modules) > 20
    for answer in modules:
        assert answer.ok or answer.status == 304, answer.url
        assert HASHED.search(answer.url), answer.url
    urls = [answer.url for answer in modules]
    assert len(urls) == len(set(urls))
    assert any("/npm/lit-html/lit-html." in url for url in urls)
