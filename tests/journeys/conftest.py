"""Journeys: a real browser against a live server."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.core.signals import request_finished, request_started
from playwright.sync_api import Browser, Page, expect

from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership
from tests.chromium import listen, session

# Milliseconds: what takes longer never comes, also on a machine that does ten other things.
PATIENCE = 40_000
expect.set_options(timeout=PATIENCE)

Open = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder drives a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.journey)


class Served:
    """Waits until the live server has answered all that a browser asked: a page that is closed sends its last save, and
    the tables are emptied right after a test.
    """

    def __init__(self) -> None:
        self.change = threading.Condition()
        self.open = 0
        request_started.connect(self.begin)
        request_finished.connect(self.end)

    def begin(self, **_: object) -> None:
        with self.change:
            self.open += 1

    def end(self, **_: object) -> None:
        with self.change:
            self.open -= 1
            self.change.notify_all()

    def wait(self) -> None:
        with self.change:
            self.change.wait_for(lambda: self.open <= 0, timeout=10)


@pytest.fixture
def open_page(browser: Browser, live_server: object, transactional_db: None) -> Iterator[Open]:
    """open_page(person, width=1440): a page of a browser of one's own, signed in; it fails the test on any script
    error, any policy report, any native dialog and any request that leaves the site."""
    base, served = str(live_server), Served()
    complaints: list[str] = []
    contexts = []

    def opener(person: User | Membership | None = None, width: int = 1440, **options: object) -> Page:
        context = browser.new_context(
            base_url=base, viewport={"width": width, "height": 900}, timezone_id="Europe/Berlin", **options
        )
        contexts.append(context)
        user = person.user if isinstance(person, Membership) else person
        if user is not None:
            context.add_cookies([{"name": django_settings.SESSION_COOKIE_NAME, "value": session(user), "url": base}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        listen(page, base, complaints)
        return page

    yield opener
    for context in contexts:
        context.close()
    served.wait()
    assert complaints == []


def axe_findings(page: Page) -> list[str]:
    """What axe finds on the page, one line each."""
    results = Axe().run(page)
    return [f"{row['id']}: {node['html'][:120]}" for row in results.response["violations"] for node in row["nodes"]]


def sideways_scroll(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
