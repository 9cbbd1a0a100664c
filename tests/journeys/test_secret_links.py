"""A link that is a secret, in a browser: no request says where it came from, and a used reset link is in no address."""

import re

import pytest
from playwright.sync_api import Page, Request, expect

from dlonsc.accounts.models import User
from dlonsc.editions.invitations import token_of
from dlonsc.editions.models import Edition
from dlonsc.mail.models import Message
from tests import factories
from tests.journeys.conftest import Open
from tests.journeys.test_phone_and_keyboard import begin_now

pytestmark = pytest.mark.django_db(transaction=True)


def listening(page: Page) -> list[Request]:
    found: list[Request] = []
    # Not the method itself: Playwright marks what it calls.
    page.on("request", lambda request: found.append(request))
    return found


def told(requests: list[Request], secret: str) -> list[str]:
    """The requests whose headers hold the secret."""
    return [one.url for one in requests if any(secret in value for value in one.all_headers().values())]


def test_a_reset_link_is_told_to_nobody_and_leaves_the_address_at_once(open_page: Open, author: User) -> None:
    page = open_page()
    page.goto("/accounts/password/reset/")
    page.fill("[name=email]", author.email)
    page.press("[name=email]", "Enter")
    page.wait_for_url("**/accounts/password/reset/done/")
    found = re.search(r"/accounts/password/reset/key/\w+-(\S+)/", Message.objects.get(kind="password_reset").text)
    assert found is not None
    requests, key = listening(page), found.group(1)
    page.goto(found.group())
    password = page.locator("[type=password]").first
    assert key not in page.url + page.content()
    for field in page.locator("[type=password]").all():
        field.fill("another-long-passphrase-4711")
    password.press("Enter")
    page.wait_for_url("**/done/")
    assert (told(requests, key), len(requests) > 3) == ([], True)
    author.refresh_from_db()
    assert author.check_password("another-long-passphrase-4711")


def test_the_link_of_an_invitation_is_told_to_nobody(open_page: Open, edition: Edition) -> None:
    begin_now(edition)
    member = factories.make_invited(edition)
    page = open_page()
    requests, token = listening(page), token_of(member)
    page.goto(f"/invitation/{token}/")
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("link", name="Make an account").click()
    expect(page.locator("[name=email]")).to_be_visible()
    assert token not in page.url + page.content()
    assert (told(requests, token), len(requests) > 5) == ([], True)
    member.refresh_from_db()
    assert member.accepted_at is not None
