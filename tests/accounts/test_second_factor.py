"""Chairs' rooms open only with a second factor set up; everybody else's pages are not touched."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from tests.factories import PASSWORD, make_user

AsUser = Callable[[User | Membership | None], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _demanded(settings: object) -> None:
    settings.CHAIRS_NEED_SECOND_FACTOR = True  # type: ignore[attr-defined]


@pytest.mark.parametrize("room", ["chair/", "chair/submissions/", "chair/settings/", "proceedings/"])
def test_without_one_a_chair_is_sent_to_set_it_up(
    edition: Edition, chair: Membership, as_user: AsUser, room: str
) -> None:
    browser = as_user(chair)
    answer = browser.get(f"/{edition.slug}/{room}")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/2fa/")
    assert "need a second factor" in browser.get("/accounts/2fa/").content.decode()


@pytest.mark.parametrize("page", ["", "1/"])
def test_without_one_an_administrator_erases_nobody(as_user: AsUser, page: str) -> None:
    root = make_user("root@site.example", "Root", is_superuser=True)
    for send in (as_user(root).get, as_user(root).post):
        answer = send(f"/health/erasure/{page}")
        assert (answer.status_code, answer.headers.get("Location")) == (302, "/accounts/2fa/")
    Authenticator.objects.create(user=root, type=Authenticator.Type.TOTP, data={})
    assert as_user(root).get("/health/erasure/").status_code == 200


@pytest.mark.parametrize("kind", [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])
def test_with_one_the_room_opens(edition: Edition, chair: Membership, as_user: AsUser, kind: str) -> None:
    Authenticator.objects.create(user=chair.user, type=kind, data={})
    assert as_user(chair).get(f"/{edition.slug}/chair/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_after_setting_it_up_the_page_that_was_asked_for_is_one_click_away(
    edition: Edition, chair: Membership, as_user: AsUser
) -> None:
    browser = as_user(chair)
    room = f"/{edition.slug}/chair/submissions/"
    browser.get(room)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    form = browser.get("/accounts/2fa/totp/activate/").context["form"]
    code = format_hotp_value(hotp_value(form.secret, next(yield_hotp_counters_from_time())))
    said = browser.post("/accounts/2fa/totp/activate/", {"code": code}, follow=True).content.decode()
    assert f'Your second factor is set up. <a href="{room}">Go on to your page</a>' in " ".join(said.split())
    assert browser.get(room).status_code == 200


def test_recovery_codes_alone_are_none(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    Authenticator.objects.create(user=chair.user, type=Authenticator.Type.RECOVERY_CODES, data={})
    assert as_user(chair).get(f"/{edition.slug}/chair/").status_code == 302


def test_posts_are_held_too(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    answer = as_user(chair).post(f"/{edition.slug}/chair/settings/", {})
    assert answer.headers["Location"] == "/accounts/2fa/"


def test_pages_of_other_roles_and_of_the_account_stay_open(
    edition: Edition, chair: Membership, reviewer: Membership, as_user: AsUser
) -> None:
    for address in (f"/{edition.slug}/", f"/{edition.slug}/submissions/", "/account/", "/me/"):
        assert as_user(chair).get(address).status_code == 200, address
    assert as_user(reviewer).get(f"/{edition.slug}/reviews/").status_code == 200


def test_pages_of_a_person_are_kept_by_no_cache(edition: Edition, chair: Membership, as_user: AsUser) -> None:
    header = as_user(chair).get("/account/").headers["Cache-Control"]
    assert "no-store" in header
    assert "private" in header
