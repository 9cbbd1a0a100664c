"""After the event a reviewer holds a certificate that anybody can verify and that names no submission."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from reviews.certificates import Certificate, certificate_of, opens_at, verify
from reviews.models import Assignment
from tests import factories

pytestmark = pytest.mark.django_db
Browser = Callable[[User | Membership | None], Client]
EVENT = datetime(2026, 6, 25, 12, tzinfo=UTC)


@pytest.fixture
def after(edition: Edition) -> Edition:
    """An edition whose event ends at EVENT."""
    edition.deadlines.filter(phase=Phase.EVENT).delete()
    factories.make_deadline(edition, Phase.EVENT, "2026-06-24 23:59")
    edition.deadlines.filter(phase=Phase.EVENT).update(cutoff_at=EVENT)
    return Edition.objects.get(pk=edition.pk)


@pytest.fixture
def written(after: Edition, author: User, reviewer: Membership) -> User:
    """A reviewer with two reviews, one a month after the other, and a draft; somebody else with one."""
    papers = [factories.make_submission(after, author, title=f"Zebrafish {number}") for number in (1, 2, 3)]
    for paper, month in zip(papers, (4, 5, None), strict=True):
        review = factories.make_review(factories.make_assignment(paper, reviewer), submitted=month is not None)
        if month is not None:
            review.submitted_at = datetime(2026, month, 3, 23, tzinfo=UTC)
            review.save()
    other = factories.make_member(after, email="other@else.example")
    factories.make_review(factories.make_assignment(papers[0], other))
    assert reviewer.user is not None
    return reviewer.user


def test_it_counts_her_submitted_reviews_and_their_days(after: Edition, written: User) -> None:
    found = certificate_of(written, after, EVENT)
    assert found == Certificate(written.name, after.name, 2, date(2026, 4, 3), date(2026, 5, 3))
    assert found is not None
    assert verify(found.code) == found


def test_it_does_not_tell_who_wrote_a_review_that_it_was_taken_back(after: Edition, written: User) -> None:
    """Her paper may have left her list before: then no letter tells her."""
    task = Assignment.objects.get(membership__user=written, submission__number=1)
    helper = factories.make_user("sue@uni.example", "Sue")
    factories.make_sub_reviewer(task, helper, typed="text", ended_at=factories.AT, ending="submitted")
    before = [certificate_of(one, after, EVENT) for one in (written, helper)]
    assert [one.reviews for one in before if one] == [2, 1]
    factories.make_conflict(task.submission, task.membership)
    Assignment.objects.filter(pk=task.pk).update(removed_at=factories.AT, removed_by=task.assigned_by)
    assert [certificate_of(one, after, EVENT) for one in (written, helper)] == before


def test_there_is_none_before_the_event_nor_without_a_review(after: Edition, written: User, author: User) -> None:
    assert certificate_of(written, after, EVENT - timedelta(seconds=1)) is None
    assert certificate_of(author, after, EVENT) is None


def test_without_a_date_of_the_event_it_opens_after_the_reviews(after: Edition) -> None:
    after.deadlines.filter(phase=Phase.EVENT).delete()
    fresh = Edition.objects.get(pk=after.pk)
    due = fresh.due(Phase.REVIEW)
    assert due is not None
    assert opens_at(fresh) == due.cutoff_at


def test_a_changed_code_proves_nothing(after: Edition, written: User, client: Client) -> None:
    found = certificate_of(written, after, EVENT)
    assert found is not None
    assert verify(found.code[:-1] + ("A" if found.code[-1] != "A" else "B")) is None
    answer = client.get(f"/certificate/{found.code}x/")
    assert (answer.status_code, "not valid" in answer.text, written.name in answer.text) == (404, True, False)


def test_anybody_with_the_link_verifies_it_and_learns_no_submission(
    after: Edition, written: User, client: Client, as_user: Browser
) -> None:
    own = f"/{after.slug}/reviews/certificate/"
    with time_machine.travel(EVENT - timedelta(hours=1), tick=False):
        assert as_user(written).get(own).status_code == 404
        assert own not in as_user(written).get(f"/{after.slug}/reviews/own/").text
    with time_machine.travel(EVENT + timedelta(days=1), tick=False):
        assert own in as_user(written).get(f"/{after.slug}/reviews/own/").text
        mine = as_user(written).get(own)
        found = certificate_of(written, after, EVENT)
        assert found is not None
        assert f"/certificate/{found.code}/" in mine.text
        public = client.get(f"/certificate/{found.code}/")
    assert (public.status_code, "2 reviews" in public.text, "Zebrafish" in mine.text + public.text) == (
        200,
        True,
        False,
    )


def test_it_outlives_the_end_of_her_access(after: Edition, written: User, as_user: Browser) -> None:
    with time_machine.travel(EVENT + timedelta(days=400), tick=False):
        assert as_user(written).get(f"/{after.slug}/reviews/certificate/").status_code == 200
