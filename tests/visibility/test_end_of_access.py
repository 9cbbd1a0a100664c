"""Who is finished sees nothing from the next request on; what she wrote stays hers."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dlonsc.editions.calendar import months_before
from dlonsc.editions.models import Edition, Membership
from reviews.access import assigned_to, on_desks
from reviews.models import Review
from tests import factories

# Six calendar months after the event, which the factory puts on 25 June, 23:59 AoE.
END = datetime(2026, 12, 26, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "months", "expected"),
    [
        ((2026, 12, 25), 6, (2026, 6, 25)),
        ((2026, 1, 31), 2, (2025, 11, 30)),
        ((2026, 3, 31), 1, (2026, 2, 28)),
        ((2028, 3, 30), 1, (2028, 2, 29)),
        ((2026, 5, 5), 24, (2024, 5, 5)),
        ((2026, 12, 31), 0, (2026, 12, 31)),
        ((2026, 5, 31), 3, (2026, 2, 28)),
    ],
)
def test_months_are_counted_by_the_calendar(at: tuple[int, ...], months: int, expected: tuple[int, ...]) -> None:
    assert months_before(datetime(*at, tzinfo=UTC), months) == datetime(*expected, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.fixture
def reviewer(db: None) -> Membership:
    edition = factories.make_edition(committee_months=6)
    member = factories.make_member(edition, email="rita@r.example")
    paper = factories.make_submission(edition, factories.make_user("ada@uni.example"), title="Wombat")
    factories.make_review(factories.make_assignment(paper, member), summary="Ostrich")
    return member


def opens(member: Membership, name: str, *more: int) -> int:
    client = Client()
    assert member.user is not None
    client.force_login(member.user)
    return client.get(reverse(name, args=[member.edition.slug, *more])).status_code


@pytest.mark.parametrize(("at", "status"), [(END - timedelta(seconds=1), 200), (END, 404)])
def test_the_committees_access_ends_by_itself_months_after_the_event(
    reviewer: Membership, at: datetime, status: int
) -> None:
    with time_machine.travel(at, tick=False):
        assert [opens(reviewer, name) for name in ("reviews:home", "reviews:profile")] == [status] * 2
        assert [opens(reviewer, name, 1) for name in ("reviews:review", "reviews:paper")] == [status] * 2
        assert assigned_to(reviewer).count() == (status == 200)
        papers = [paper.pk for paper in reviewer.edition.submissions.all()]
        assert (len(on_desks(papers)), len(on_desks(papers, as_if_open=True))) == (status == 200, 1)
        assert opens(reviewer, "reviews:own") == 200


def test_what_she_wrote_is_linked_from_her_page_afterwards(reviewer: Membership) -> None:
    client = Client()
    with time_machine.travel(END, tick=False):
        client.force_login(reviewer.user)
        page = client.get(reverse("editions:dashboard")).content.decode()
    own, home = (reverse(name, args=[reviewer.edition.slug]) for name in ("reviews:own", "reviews:home"))
    assert (f'"{own}"' in page, f'"{home}"' in page) == (True, False)


@pytest.mark.parametrize("months", [0, 12])
def test_the_edition_says_when(reviewer: Membership, months: int) -> None:
    Edition.objects.update(committee_months=months)
    with time_machine.travel(END, tick=False):
        assert opens(reviewer, "reviews:home") == 200


def test_an_edition_without_a_date_of_the_event_stays_open(reviewer: Membership) -> None:
    reviewer.edition.deadlines.filter(phase="event").delete()
    with time_machine.travel(END, tick=False):
        assert opens(reviewer, "reviews:home") == 200
        assert not Edition.objects.get().committee_is_over(END)


def test_chairs_keep_theirs(reviewer: Membership) -> None:
    chair = factories.make_member(reviewer.edition, email="chair@c.example", chair=True)
    with time_machine.travel(END, tick=False):
        assert opens(chair, "reviews:table") == 200


def test_a_removed_member_is_out_at_the_next_request_of_the_same_session(reviewer: Membership) -> None:
    client = Client()
    client.force_login(reviewer.user)
    address = reverse("reviews:review", args=[reviewer.edition.slug, 1])
    with time_machine.travel(factories.AFTER_DEADLINE, tick=False):
        before = client.get(address).status_code
        Membership.objects.filter(pk=reviewer.pk).update(removed_at=factories.AFTER_DEADLINE)
        assert (before, client.get(address).status_code) == (200, 404)
        own = client.get(reverse("reviews:own", args=[reviewer.edition.slug])).content.decode()
    assert "Ostrich" in own
    assert Review.objects.count() == 1
