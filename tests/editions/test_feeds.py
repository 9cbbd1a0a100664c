"""Calendars get the right minute, follow when a date moves, and tell nobody else's dates."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.test import Client, RequestFactory
from icalendar import Calendar

from dlonsc import codes
from dlonsc.accounts.models import User
from dlonsc.editions.actions import set_deadline
from dlonsc.editions.calendar import AOE, Phase
from dlonsc.editions.feeds import dates_ics, dates_json, event_of
from dlonsc.editions.models import CalendarFeed, Edition, Membership
from reviews.dates import dates_for
from reviews.views.dates import personal
from submissions.actions import drafting, sending
from submissions.models import LatePermission
from submissions.states import State
from tests import factories
from tests.factories import AT
from tests.submissions.desk import entry

LATER = datetime(2026, 3, 20, 9, 30, tzinfo=UTC)


def asked() -> Any:
    """The request of somebody without an account."""
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    return request


@pytest.fixture
def visitor() -> Any:
    return asked()


def person(member: Membership) -> User:
    assert member.user is not None
    return member.user


def events(content: bytes) -> dict[str, Any]:
    """What a calendar program reads, by phase."""
    calendar = Calendar.from_ical(content)
    return {str(event["UID"]).split("@")[0].partition(".")[2]: event for event in calendar.walk("VEVENT")}


def move(edition: Edition, announced: str, by: User) -> None:
    set_deadline(
        edition=edition,
        phase=Phase.SUBMISSION,
        announced=datetime.fromisoformat(announced),
        zone=AOE,
        label="Technical paper due",
        grace_minutes=0,
        is_soft=False,
        is_public=True,
        by=by,
        at=LATER,
    )


def test_a_calendar_gets_the_announced_minute_in_utc(edition: Edition, visitor: Any) -> None:
    event = events(dates_ics(visitor, edition.slug).content)["submission"]
    assert event.decoded("dtstart") == datetime(2026, 4, 1, 11, 59, tzinfo=UTC)
    assert event.decoded("dtend") == datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
    assert str(event["summary"]) == "DLonSC 2026: Technical paper due (Tue 31 Mar 2026, 23:59 AoE)"


def test_the_workshop_is_a_whole_day_where_it_takes_place(edition: Edition, visitor: Any) -> None:
    event = events(dates_ics(visitor, edition.slug).content)["event"]
    assert (event.decoded("dtstart"), "dtend" in event) == (date(2026, 6, 25), False)


def test_all_public_dates_and_only_those_are_in_the_feed(edition: Edition, visitor: Any) -> None:
    edition.deadlines.filter(phase=Phase.REVIEW).update(is_public=False)
    found = events(dates_ics(visitor, edition.slug).content)
    assert set(found) == {"submission", "notification", "camera_ready", "event"}


def test_a_moved_date_keeps_its_identity_and_says_that_it_is_newer(
    edition: Edition, chair: Membership, visitor: Any
) -> None:
    before = events(dates_ics(visitor, edition.slug).content)["submission"]
    move(edition, "2026-04-05T23:59", person(chair))
    after = events(dates_ics(visitor, edition.slug).content)["submission"]
    assert after["UID"] == before["UID"]
    assert (before.decoded("sequence"), after.decoded("sequence")) == (0, 1)
    assert after.decoded("last-modified") == LATER
    assert after.decoded("dtend") == datetime(2026, 4, 6, 12, tzinfo=UTC)


def test_the_same_dates_give_the_same_bytes(edition: Edition, visitor: Any) -> None:
    assert dates_ics(visitor, edition.slug).content == dates_ics(visitor, edition.slug).content


def test_a_program_reads_announced_minute_zone_and_exclusive_cutoff(edition: Edition, visitor: Any) -> None:
    rows = json.loads(dates_json(visitor, edition.slug).content)["dates"]
    assert rows[0] == {
        "phase": "submission",
        "label": "Technical paper due",
        "announced": "2026-03-31T23:59",
        "zone": "AoE",
        "cutoff": "2026-04-01T12:00:00Z",
        "version": 1,
    }


def test_an_unpublished_edition_has_no_feed(edition: Edition, visitor: Any) -> None:
    Edition.objects.filter(pk=edition.pk).update(is_public=False)
    with pytest.raises(Http404):
        dates_ics(visitor, edition.slug)


def test_a_person_without_a_role_has_no_dates(edition: Edition, stranger: User) -> None:
    assert dates_for(stranger) == []


def test_an_author_sees_her_own_later_date_beside_the_deadline(
    edition: Edition, author: User, chair: Membership
) -> None:
    draft = factories.make_submission(edition, author, state=State.DRAFT, title="A secret title")
    for hours in (2, 5):
        LatePermission.objects.create(
            submission=draft,
            phase=Phase.SUBMISSION,
            cutoff_at=datetime(2026, 4, 1, 12, tzinfo=UTC) + timedelta(hours=hours),
            reason="illness",
            given_by=person(chair),
            given_at=LATER,
        )
    feed = CalendarFeed.objects.create(user=author, created_at=AT)
    content = personal(asked(), feed.token).content
    found = events(content)
    own = found[f"submission.own.{codes.code('submission', draft.pk)}"]
    assert (own.decoded("dtend"), own["sequence"]) == (datetime(2026, 4, 1, 17, tzinfo=UTC), 2)
    assert found["submission"].decoded("dtend") == datetime(2026, 4, 1, 12, tzinfo=UTC)
    assert b"secret title" not in content


def test_each_paper_with_a_later_date_has_its_event_that_never_counts_down_whatever_becomes_of_papers_and_lists(
    edition: Edition, author: User, chair: Membership
) -> None:
    papers = [factories.make_submission(edition, author, state=State.DRAFT) for _ in range(2)]
    bo = factories.make_user("bo@co.example")
    factories.make_author(papers[1], bo.email)
    for day, paper in enumerate(papers, start=5):
        LatePermission.objects.create(
            submission=paper,
            phase=Phase.SUBMISSION,
            cutoff_at=datetime(2026, 4, day, 12, tzinfo=UTC),
            reason="illness",
            given_by=person(chair),
            given_at=LATER,
        )
    first, second = (f"dlonsc-2026.submission.own.{codes.code('submission', paper.pk)}" for paper in papers)

    def own() -> list[tuple[str, int, int]]:
        rows = [row for row in dates_for(author) if row.own]
        return [(row.uid.partition("@")[0], row.cutoff.day, event_of(row)["sequence"]) for row in rows]

    seen = [own()]
    sending.withdraw(submission=papers[1], reason="", by=author, at=AT)
    seen.append(own())
    sending.restore(submission=papers[1], by=author, at=AT)
    seen.append(own())
    hers, his = (entry(one.email, is_contact=one == bo) for one in (author, bo))
    for entries in ([his], [his, hers]):
        drafting.set_authors(submission=papers[1], entries=entries, by=bo, at=AT)
        seen.append(own())
    of_first, both = [(first, 5, 1)], [(first, 5, 1), (second, 6, 1)]
    assert seen == [both, of_first, both, of_first, both]


def test_another_persons_later_date_is_not_told(edition: Edition, author: User, chair: Membership) -> None:
    factories.make_submission(edition, author, state=State.DRAFT)
    other = factories.make_submission(edition, state=State.DRAFT)
    LatePermission.objects.create(
        submission=other,
        phase=Phase.SUBMISSION,
        cutoff_at=datetime(2026, 4, 2, 12, tzinfo=UTC),
        reason="illness",
        given_by=person(chair),
        given_at=LATER,
    )
    assert [bool(row.own) for row in dates_for(author)] == [False] * 5


def test_only_a_chair_has_the_dates_that_are_not_public(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    edition.deadlines.filter(phase=Phase.NOTIFICATION).update(is_public=False)
    assert [len(dates_for(person(member))) for member in (chair, reviewer)] == [5, 4]


def test_a_thrown_away_or_guessed_address_and_one_of_a_disabled_person_are_nothing(
    edition: Edition, author: User
) -> None:
    feed = CalendarFeed.objects.create(user=author, created_at=AT)
    assert personal(asked(), feed.token).status_code == 200
    User.objects.filter(pk=author.pk).update(is_active=False)
    with pytest.raises(Http404):
        personal(asked(), feed.token)
    feed.delete()
    with pytest.raises(Http404):
        personal(asked(), feed.token)


def test_a_new_address_ends_the_old_one(author: User, as_user: Callable[[User], Client]) -> None:
    client = as_user(author)
    client.post("/me/dates/", {"to": "renew"})
    first = CalendarFeed.objects.get(user=author).token
    client.post("/me/dates/", {"to": "renew"})
    second = CalendarFeed.objects.get(user=author).token
    answers = [Client().get(f"/me/dates/{token}.ics").status_code for token in (first, second)]
    assert answers == [404, 200]
    client.post("/me/dates/", {"to": "remove"})
    assert Client().get(f"/me/dates/{second}.ics").status_code == 404


def test_a_subscribed_calendar_is_told_to_ask_again_within_hours(edition: Edition, visitor: Any) -> None:
    lines = dates_ics(visitor, edition.slug).content.decode().splitlines()
    wanted = [line for line in lines if line.startswith(("REFRESH-INTERVAL", "X-PUBLISHED-TTL"))]
    assert sorted(wanted) == ["REFRESH-INTERVAL;VALUE=DURATION:PT6H", "X-PUBLISHED-TTL:PT6H"]
    assert [event["SEQUENCE"] for event in Calendar.from_ical("\r\n".join(lines)).walk("VEVENT")][:1] == [0]
