"""A real browser against a live server. Without Chromium the journeys skip; CI sets JOURNEYS_REQUIRED."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, Response, sync_playwright

from dlonsc.accounts.models import User
from dlonsc.editions.models import Membership

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Open = Callable[..., Page]
REPORT_ONLY = "content-security-policy-report-only"
# The console tells most breaches of the policy; the event tells all.
TELL_REPORTS = """addEventListener("securitypolicyviolation", (event) => console.error(
    "Content Security Policy report:", event.effectiveDirective, event.blockedURI, event.disposition));"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        reason = "no Chromium found: apt-get install chromium, or set CHROMIUM=/path"
        if os.environ.get("JOURNEYS_REQUIRED"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, live_server: object, transactional_db: None) -> Iterator[Open]:
    """open_page(person, width=1440): a page of a browser of one's own, signed in; it fails the test on any script
    error, any policy report, any native dialog and any request that leaves the site."""
    base = str(live_server)
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
        page.set_default_timeout(10_000)
        listen(page, base, complaints)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert complaints == []


def listen(page: Page, base: str, complaints: list[str]) -> None:
    """Write into `complaints` what no page of the site at `base` may do."""

    def asked(request: Request) -> None:
        # Chromium shows PDFs with an extension of its own; its requests are not the page's.
        if not request.url.startswith((base, "data:", "blob:", "about:", "chrome-extension:", "chrome:")):
            complaints.append(f"request to {request.url}")

    def answered(response: Response) -> None:
        if REPORT_ONLY in response.headers:
            complaints.append(f"a policy that only reports: {response.url}")

    def said(line: ConsoleMessage) -> None:
        if "Content Security Policy" in line.text:
            complaints.append(line.text)

    def opened(dialog: Dialog) -> None:
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.add_init_script(TELL_REPORTS)
    page.on("request", asked)
    page.on("response", answered)
    page.on("console", said)
    page.on("dialog", opened)
    page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))


def session(user: User) -> str:
    """The key of a new session of this person."""
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = django_settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)


def axe_findings(page: Page) -> list[str]:
    """What axe finds on the page, one line each."""
    results = Axe().run(page)
    return [f"{row['id']}: {node['html'][:120]}" for row in results.response["violations"] for node in row["nodes"]]


def sideways_scroll(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
