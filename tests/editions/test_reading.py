"""Who opens unusually many papers or people is seen, once an hour, by history and by every chair."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError
from django.test import Client

from dlonsc import codes
from dlonsc.accounts.models import User
from dlonsc.editions import reading
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail.models import Message
from tests import factories

pytestmark = pytest.mark.django_db
AsUser = Callable[[User | Membership | None], Client]
AT = datetime(2026, 4, 5, 12, 5, tzinfo=UTC)


def open_papers(browser: Client, slug: str, numbers: range) -> None:
    for number in numbers:
        browser.get(f"/{slug}/reviews/{number}/paper.pdf")


@pytest.fixture
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST", 5)
    monkeypatch.setattr(reading, "MOST_OF_A_CHAIR", 8)


@pytest.mark.usefixtures("_few")
def test_trying_many_numbers_writes_history_and_one_letter_to_each_chair(
    chair: Membership, other_chair: Membership, reviewer: Membership, as_user: AsUser
) -> None:
    browser, slug = as_user(reviewer), chair.edition.slug
    with time_machine.travel(AT, tick=False):
        open_papers(browser, slug, range(1, 6))
        assert (Entry.objects.count(), Message.objects.count()) == (0, 0)
        open_papers(browser, slug, range(1, 20))
    entry = Entry.objects.get()
    assert (entry.verb, entry.by, entry.detail) == ("opened_unusually_much", "Rita Reviewer", {"within_an_hour": 6})
    letters = Message.objects.order_by("to_email")
    assert [row.to_email for row in letters] == ["chair@institute-a.example", "otto@institute-b.example"]
    assert "Rita Reviewer <rita@institute-d.example> opened 6 different papers or people" in letters[0].text


@pytest.mark.usefixtures("_few")
def test_reading_the_same_paper_often_is_no_alarm_and_a_new_hour_begins_at_none(
    reviewer: Membership, as_user: AsUser
) -> None:
    browser, slug = as_user(reviewer), reviewer.edition.slug
    with time_machine.travel(AT, tick=False):
        for _ in range(10):
            open_papers(browser, slug, range(1, 6))
    with time_machine.travel(AT + timedelta(hours=1), tick=False):
        open_papers(browser, slug, range(6, 11))
    assert Entry.objects.count() == 0


@pytest.mark.usefixtures("_few")
def test_people_count_too_and_a_chair_may_open_more(chair: Membership, as_user: AsUser) -> None:
    browser = as_user(chair)
    with time_machine.travel(AT, tick=False):
        for pk in range(1, 9):
            browser.get(f"/{chair.edition.slug}/chair/committee/{pk}/")
        assert Entry.objects.count() == 0
        browser.get(f"/{chair.edition.slug}/chair/committee/999/")
    assert Entry.objects.get().detail == {"within_an_hour": 9}


@pytest.mark.usefixtures("_few")
def test_an_edition_that_does_not_exist_has_nobody_to_tell(reviewer: Membership, as_user: AsUser) -> None:
    with time_machine.travel(AT, tick=False):
        open_papers(as_user(reviewer), "no-such-edition", range(1, 10))
    assert (Entry.objects.count(), Message.objects.count()) == (0, 0)


def test_a_database_that_cannot_count_stops_nobody(
    edition: Edition, reviewer: Membership, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bool:
        raise DatabaseError("no")

    monkeypatch.setattr(reading, "notice", fail)
    assert as_user(reviewer).get(f"/{edition.slug}/reviews/1/paper.pdf").status_code == 404


@pytest.mark.usefixtures("_few")
def test_nothing_opened_elsewhere_passes_over_the_alarm_or_gives_it_to_the_chairs_of_another_edition(
    chair: Membership, reviewer: Membership, as_user: AsUser
) -> None:
    elsewhere = factories.make_edition(slug="other-2026", name="Other 2026")
    factories.make_member(elsewhere, factories.make_user("olga@other.example", "Olga Otherchair"), chair=True)
    browser, slug = as_user(reviewer), chair.edition.slug
    with time_machine.travel(AT, tick=False):
        open_papers(browser, slug, range(1, 6))
        open_papers(browser, "nowhere", range(1, 3))
        open_papers(browser, elsewhere.slug, range(1, 3))
        assert Message.objects.count() == 0
        open_papers(browser, slug, range(6, 12))
    assert [row.to_email for row in Message.objects.all()] == ["chair@institute-a.example"]


@pytest.mark.usefixtures("_few")
def test_letters_that_are_opened_count_too(chair: Membership, other_chair: Membership, as_user: AsUser) -> None:
    assert reading.thing_of("letters:letter", {"slug": "a", "pk": 7}) == "a letter 7"
    browser = as_user(chair)
    with time_machine.travel(AT, tick=False):
        for number in range(1, 12):
            browser.get(f"/{chair.edition.slug}/chair/mail/{codes.code('letter', number)}/")
    assert Entry.objects.get().verb == "opened_unusually_much"
