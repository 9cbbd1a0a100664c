"""The schedule of an edition and the preview of what will go to whom: as things stand, only what a chair may know."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dlonsc.accounts.models import User
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail.models import Message
from reviews.reminders import remind
from submissions.states import State
from tests import factories
from tests.factories import AT

Browser = Callable[[User | Membership | None], Client]
ADDRESS = "/dlonsc-2026/chair/mail/reminders/"


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


def text_of(response: HttpResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def schedule(edition: Edition) -> list[float]:
    edition.refresh_from_db()
    return list(edition.reminder_days)


def test_the_page_tells_what_will_go_to_whom_and_when(
    edition: Edition, chair: Membership, reviewer: Membership, as_user: Browser
) -> None:
    factories.make_submission(edition, title="On graphs", state=State.DRAFT)
    paper = factories.make_submission(edition, title="On tensors")
    factories.make_assignment(paper, reviewer)
    text = text_of(as_user(chair).get(ADDRESS))
    # The draft: 7 and 2 days, and as it has a PDF 1 day and 2 hours before 31 March, 23:59 AoE.
    for when, before in (
        ("Wed 25 Mar 2026, 12:00 UTC", "7 days"),
        ("Mon 30 Mar 2026, 12:00 UTC", "2 days"),
        ("Tue 31 Mar 2026, 12:00 UTC", "24 hours"),
        ("Wed 1 Apr 2026, 10:00 UTC", "2 hours"),
    ):
        assert f"{when} {before} 1 Author 1 1. On graphs Author 1 &lt;author1@campus1.example&gt;" in text
    assert "Mon 13 Apr 2026, 00:00 UTC 12 hours 1 Rita Reviewer Rita Reviewer: 2" in text
    assert "Nothing is open now that a coming step would remind of." in text


def test_what_the_page_tells_is_what_is_sent(edition: Edition, chair: Membership, as_user: Browser) -> None:
    paper = factories.make_submission(edition, state=State.DRAFT)
    # Somebody else than its creator answers for it.
    paper.authors.update(email="contact@uni.example")
    parts = as_user(chair).get(ADDRESS).context["parts"]
    told = [(step.at, sorted(address for address, _ in step.rows[0].open.people)) for step in parts[0].steps]
    sent = [(step.at, sorted(letter.to_email for letter in remind(step.at))) for step in parts[0].steps]
    assert told == sent
    assert len(told) == 4


def test_days_can_be_tried_without_saving_them(edition: Edition, chair: Membership, as_user: Browser) -> None:
    factories.make_submission(edition, state=State.DRAFT, complete=False)
    text = text_of(as_user(chair).post(ADDRESS, {"days": "10, 3", "version": 1, "show": "1"}))
    assert "Below is what these days would send. They are not saved yet." in text
    assert [f"{days} days" in text for days in (10, 3, 7, 2)] == [True, True, False, False]
    assert schedule(edition) == [7, 2, 0.5]


def test_saving_keeps_who_and_when_and_a_second_press_changes_nothing(
    edition: Edition, chair: Membership, as_user: Browser
) -> None:
    client = as_user(chair)
    for version in (1, 2):
        assert client.post(ADDRESS, {"days": "10, 3", "version": version}).status_code == 302
    assert schedule(edition) == [10, 3]
    entry = Entry.objects.get(verb="change_settings")
    assert entry.detail == {"before": {"reminder_days": [7, 2, 0.5]}, "after": {"reminder_days": [10, 3]}}


def test_no_reminders_is_a_schedule_too(edition: Edition, chair: Membership, as_user: Browser) -> None:
    as_user(chair).post(ADDRESS, {"days": "", "version": 1})
    assert schedule(edition) == []


def test_another_chairs_change_is_not_overwritten_and_what_was_typed_stays(
    edition: Edition, chair: Membership, as_user: Browser
) -> None:
    Edition.objects.update(version=2)
    response = as_user(chair).post(ADDRESS, {"days": "10, 3", "version": 1})
    assert (response.status_code, schedule(edition)) == (422, [7, 2, 0.5])
    assert 'value="10, 3"' in response.content.decode()


def test_words_that_are_no_days_are_refused_beside_the_field(chair: Membership, as_user: Browser) -> None:
    response = as_user(chair).post(ADDRESS, {"days": "often", "version": 1})
    assert response.status_code == 422
    assert "Write days as numbers with commas: 7, 2, 0.5." in text_of(response)


def test_a_chair_sees_nothing_of_what_she_is_in_conflict_with(
    edition: Edition, chair: Membership, reviewer: Membership, as_user: Browser
) -> None:
    hidden_draft = factories.make_submission(edition, title="On secrets", state=State.DRAFT)
    hidden = factories.make_submission(edition, title="On tensors")
    shown = factories.make_submission(edition, title="On graphs")
    for paper in (hidden_draft, hidden):
        factories.make_conflict(paper, chair)
    for paper in (hidden, shown):
        factories.make_assignment(paper, reviewer)
    text = text_of(as_user(chair).get(ADDRESS))
    assert ["On secrets" in text, "Rita Reviewer: 3" in text] == [False, True]


def test_a_later_date_of_one_paper_has_its_own_steps(edition: Edition, chair: Membership, as_user: Browser) -> None:
    paper = factories.make_submission(edition, state=State.DRAFT, complete=False)
    paper.late_permissions.create(
        phase="submission",
        cutoff_at=datetime(2026, 4, 11, 12, tzinfo=UTC),
        reason="illness",
        given_by=chair.user,
        given_at=AT,
    )
    text = text_of(as_user(chair).get(ADDRESS))
    assert "Sat 4 Apr 2026, 12:00 UTC 7 days a later date of its own 1 Author 1" in text


def test_before_any_date_is_set_the_page_says_where_to_set_one(
    edition: Edition, chair: Membership, as_user: Browser
) -> None:
    edition.deadlines.all().delete()
    assert "Set the dates" in text_of(as_user(chair).get(ADDRESS))


def test_looking_writes_nothing(edition: Edition, chair: Membership, as_user: Browser) -> None:
    factories.make_submission(edition, state=State.DRAFT)
    as_user(chair).get(ADDRESS)
    as_user(chair).post(ADDRESS, {"days": "30", "version": 1, "show": "1"})
    assert Message.objects.count() == 0


def test_the_page_takes_the_same_number_of_queries_however_long_it_is(
    edition: Edition, chair: Membership, as_user: Browser
) -> None:
    client = as_user(chair)
    client.get(ADDRESS)
    counts = []
    for number in range(30):
        factories.make_submission(edition, state=State.DRAFT)
        paper = factories.announce(factories.make_submission(edition), at=AT)
        factories.make_assignment(paper, factories.make_member(edition, email=f"r{number}@lab{number}.example"))
        if number in {2, 29}:
            with CaptureQueriesContext(connection) as queries:
                client.get(ADDRESS)
            counts.append(len(queries))
    assert counts[0] == counts[1]
