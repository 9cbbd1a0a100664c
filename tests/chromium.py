"""The Chromium of a process of tests, and what no page of the site may do in it.

Without Chromium the tests that ask for it skip; CI sets JOURNEYS_REQUIRED. Where Debian's chromium-headless-shell is
there too, it draws the pages: it is the same engine without a window around it, for half the time of the processor. It
shows no PDF: who looks at one asks for `whole_browser`.
"""

import os
import shutil
from collections.abc import Iterator

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Page,
    Playwright,
    Request,
    Response,
    sync_playwright,
)

from dlonsc.accounts.models import User

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
WITHOUT_A_WINDOW = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or CHROMIUM
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REPORT_ONLY = "content-security-policy-report-only"
# The console tells most breaches of the policy; the event tells all.
TELL_REPORTS = """addEventListener("securitypolicyviolation", (event) => console.error(
    "Content Security Policy report:", event.effectiveDirective, event.blockedURI, event.disposition));"""


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """One per process: a second one beside it cannot start."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    yield from launched(playwright, WITHOUT_A_WINDOW)


@pytest.fixture(scope="session")
def whole_browser(playwright: Playwright) -> Iterator[Browser]:
    """With the viewer of PDFs."""
    yield from launched(playwright, CHROMIUM)


def launched(playwright: Playwright, path: str) -> Iterator[Browser]:
    if not path:
        reason = "no Chromium found: apt-get install chromium, or set CHROMIUM=/path"
        if os.environ.get("JOURNEYS_REQUIRED"):
            pytest.fail(reason)
        pytest.skip(reason)
    browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield browser
    browser.close()


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
    # Signed in just now, as some acts of chairs ask.
    request = HttpRequest()
    request.session = store
    record_authentication(request, user, "password", email=user.email)
    store.create()
    return str(store.session_key)
