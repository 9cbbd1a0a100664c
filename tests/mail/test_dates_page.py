"""One's own dates, on a page."""

from collections.abc import Callable
from datetime import UTC, datetime

from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from submissions.models import LatePermission
from submissions.states import State
from tests import factories
from tests.factories import AT

Browser = Callable[[User | Membership | None], Client]


def test_nobody_without_an_account_has_dates(as_user: Browser, db: None) -> None:
    assert as_user(None).get("/me/dates/").status_code == 302


def test_the_page_shows_the_announced_minutes_and_ones_own_later_date(
    edition: Edition, author: User, chair: Membership, as_user: Browser
) -> None:
    draft = factories.make_submission(edition, author, state=State.DRAFT)
    assert chair.user is not None
    LatePermission.objects.create(
        submission=draft,
        phase=Phase.SUBMISSION,
        cutoff_at=datetime(2026, 4, 3, 12, tzinfo=UTC),
        reason="illness",
        given_by=chair.user,
        given_at=AT,
    )
    page = as_user(author).get("/me/dates/")
    text = page.content.decode()
    assert [row.words for row in page.context["dates"]][:2] == [
        "Tue 31 Mar 2026, 23:59 AoE",
        "Thu 02 Apr 2026, 23:59 AoE",
    ]
    assert ("The later date of one of your papers" in text, "illness" in text) == (True, False)


def test_the_secret_address_is_shown_to_its_owner_only(author: User, stranger: User, as_user: Browser) -> None:
    as_user(author).post("/me/dates/", {"to": "renew"})
    pages = [as_user(who).get("/me/dates/").context["address"] for who in (author, stranger)]
    assert pages[0].startswith("http://localhost:8000/me/dates/")
    assert pages[1] == ""
    as_user(author).post("/me/dates/", {"to": "remove"})
    assert as_user(author).get("/me/dates/").context["address"] == ""
