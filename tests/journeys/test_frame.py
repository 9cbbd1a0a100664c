"""What the frame's scripts promise: typed text survives a lost session, a wrong laptop clock changes no deadline."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from playwright.sync_api import Page

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from tests import factories
from tests.journeys.conftest import axe_findings, sideways_scroll

Open = Callable[..., Page]
PUBLIC = (
    "/",
    "/dlonsc-2026/",
    "/dlonsc-2026/committee/",
    "/accounts/login/",
    "/accounts/signup/",
    "/privacy/",
    "/nowhere/",
)
OWN = ("/account/", "/accounts/email/", "/accounts/2fa/", "/accounts/sessions/")


def sign_in(page: Page, person: User) -> None:
    page.fill("[name=login]", person.email)
    page.fill("[name=password]", factories.PASSWORD)
    page.press("[name=password]", "Enter")


def test_text_typed_while_the_session_ended_is_there_after_signing_in(open_page: Open, author: User) -> None:
    page = open_page(author)
    page.goto("/account/")
    page.fill("[name=name]", "Typed and nearly lost")
    page.context.clear_cookies(name=django_settings.SESSION_COOKIE_NAME)
    page.click("text=Save profile")
    page.wait_for_url("**/accounts/login/**")
    sign_in(page, author)
    page.wait_for_url("**/account/")
    assert page.input_value("[name=name]") == "Typed and nearly lost"
    assert "It is not saved yet." in page.inner_text("main form .alert")
    page.click("text=Save profile")
    page.wait_for_selector("text=Profile saved.")
    author.refresh_from_db()
    assert author.name == "Typed and nearly lost"


def test_text_of_one_person_is_never_put_back_for_another(open_page: Open, author: User, stranger: User) -> None:
    page = open_page(author)
    page.goto("/account/")
    page.fill("[name=name]", "Typed by Ada")
    page.context.clear_cookies(name=django_settings.SESSION_COOKIE_NAME)
    page.click("text=Save profile")
    page.wait_for_url("**/accounts/login/**")
    sign_in(page, stranger)
    page.wait_for_url("**/account/")
    assert page.input_value("[name=name]") == stranger.name


def test_what_met_a_site_that_was_away_is_there_on_going_back_also_in_a_browser_that_keeps_no_fields(
    open_page: Open, author: User
) -> None:
    page = open_page(author)
    page.goto("/account/")
    page.fill("[name=name]", "Typed and nearly lost")
    # Of a page that no cache may keep some browsers keep no fields either, as none does of these.
    page.evaluate("for (const one of document.querySelectorAll('input')) one.autocomplete = 'off'")
    page.route(
        "**/account/",
        lambda route: (
            route.fulfill(status=503, content_type="text/html", body="<!doctype html><h1>The site is away</h1>")
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    page.click("text=Save profile")
    page.wait_for_selector("text=The site is away")
    page.go_back()
    page.wait_for_selector("text=Whether it arrived is not known")
    assert page.input_value("[name=name]") == "Typed and nearly lost"
    page.unroute_all()
    page.click("text=Save profile")
    page.wait_for_selector("text=Profile saved.")
    author.refresh_from_db()
    assert author.name == "Typed and nearly lost"
    page.go_back()
    page.wait_for_selector("text=Save profile")
    assert page.locator("text=was put back").count() == 0


def test_the_countdown_goes_by_the_servers_clock(open_page: Open, edition: Edition) -> None:
    cutoff = timezone.now() + timedelta(hours=30, minutes=30)
    edition.deadlines.filter(phase=Phase.SUBMISSION).update(cutoff_at=cutoff)
    page = open_page()
    page.clock.install(time=timezone.now() - timedelta(days=40))
    page.goto("/dlonsc-2026/")
    assert page.inner_text(".dates .next [data-countdown]") == "in 1 day 6 hours"


def test_the_readers_own_zone_stands_beside_the_announced_minute(open_page: Open, edition: Edition) -> None:
    page = open_page()
    page.goto("/dlonsc-2026/")
    first = page.locator(".dates li").first.inner_text()
    assert "Tue 31 Mar 2026, 23:59 AoE" in first
    assert "= Wed 1 Apr 2026, 13:59 CEST your time" in first


@pytest.mark.parametrize("who", ["visitor", "reviewer"])
def test_public_and_account_pages_are_clean_for_axe_and_fit(
    open_page: Open, edition: Edition, reviewer: Membership, who: str
) -> None:
    page = open_page(reviewer if who == "reviewer" else None)
    for address in OWN if who == "reviewer" else PUBLIC:
        page.goto(address)
        for width, scheme in product((1440, 360), ("light", "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            assert (axe_findings(page), sideways_scroll(page)) == ([], 0), (address, width, scheme)


def test_menus_open_and_close_by_keyboard_and_the_chairs_rooms_by_the_width_of_the_window(
    open_page: Open, edition: Edition, chair: Membership
) -> None:
    page = open_page(chair)
    page.goto("/dlonsc-2026/chair/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.locator(".menu > summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".menu[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator(".menu[open]").count() == 0
    assert "You are: Chair" in page.evaluate("document.activeElement.textContent")
    # Her rooms fold in a narrow window, and stand beside the page of a wide one, which has no button for them.
    rooms = page.get_by_role("link", name="Progress")
    for width, is_shown in ((500, False), (1400, True)):
        page.set_viewport_size({"width": width, "height": 800})
        rooms.wait_for(state="visible" if is_shown else "hidden")
