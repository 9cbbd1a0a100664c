"""The page of the mail set-up: true, without a password, with a test letter; a sandbox says so everywhere."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.codes import code
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail.models import Message
from dlonsc.mail.setup import setup
from reviews.actions.lettering import send_test
from tests.factories import AT

Browser = Callable[[User | Membership | None], Client]
SANDBOX = "No letter leaves this installation"


def test_it_tells_the_server_and_no_password(settings: Any) -> None:
    settings.MAIL_URL = "smtp+starttls://ada:geheim@mail.workshop.example:587"
    settings.MAIL_FROM = "DLonSC <submit@workshop.example>"
    settings.BOUNCE_MAILBOX = "imaps://ada:geheim@mail.workshop.example/INBOX"
    found = setup()
    assert (found.server, found.signs_in, found.domain) == ("mail.workshop.example:587", True, "workshop.example")
    assert (found.returns, found.bounces) == ("submit+...@workshop.example", "a mailbox is polled every two minutes")
    assert [one.command for one in found.advice] == [
        "dig +short TXT workshop.example",
        "dig +short TXT SELECTOR._domainkey.workshop.example",
        "dig +short TXT _dmarc.workshop.example",
    ]
    assert "geheim" not in repr(found)


@pytest.mark.django_db
def test_a_chair_sends_a_test_letter_to_herself_and_sees_its_state(
    edition: Edition, chair: Membership, as_user: Browser, settings: Any
) -> None:
    settings.MAIL_URL = "smtp://127.0.0.1:1"
    page = f"/{edition.slug}/chair/mail/setup/"
    assert "You have sent none yet" in as_user(chair).get(page).text
    as_user(chair).post(page)
    letter = Message.objects.get(kind="mail_test")
    assert chair.user is not None
    assert (letter.to_email, Entry.objects.get(verb="mail_tested").by_id) == (chair.user.email, chair.user.pk)
    shown = as_user(chair).get(page).text
    assert (f"/chair/mail/{code('letter', letter.pk)}/" in shown, SANDBOX in shown) == (True, False)


@pytest.mark.django_db
def test_pressing_twice_in_a_minute_sends_one(edition: Edition, chair: Membership) -> None:
    assert chair.user is not None
    assert send_test(chair, by=chair.user, at=AT) is not None
    assert send_test(chair, by=chair.user, at=AT) is None
    assert (Message.objects.count(), Entry.objects.filter(verb="mail_tested").count()) == (1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(("url", "said"), [("", True), ("smtp://127.0.0.1:1", False)])
def test_a_sandbox_says_so_on_every_page(edition: Edition, client: Client, settings: Any, url: str, said: bool) -> None:
    settings.MAIL_URL = url
    assert [SANDBOX in client.get(page).text for page in ("/", f"/{edition.slug}/", "/accounts/login/")] == [said] * 3


def test_the_setting_keeps_letters_whatever_the_server() -> None:
    words = "from django.conf import settings; print(repr(settings.MAIL_URL))"
    env = {**os.environ, "MAIL_SANDBOX": "1", "MAIL_URL": "smtp://mail:25", "DJANGO_SETTINGS_MODULE": "dlonsc.settings"}
    done = subprocess.run([sys.executable, "-c", words], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "''"
