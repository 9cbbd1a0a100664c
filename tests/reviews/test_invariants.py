"""Each invariant sees its breach, and a healthy edition has none."""

from pathlib import Path

import pytest
from django.conf import settings

from dlonsc.accounts.models import User
from dlonsc.celery import app
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail.models import Message
from reviews import tasks
from reviews.invariants import audit, breaches
from reviews.models import Review
from submissions.models import Manuscript, Submission
from submissions.states import State
from tests import factories
from tests.factories import AT


@pytest.fixture
def paper(edition: Edition, author: User) -> Submission:
    return factories.make_submission(edition, author)


def test_a_healthy_edition_has_no_breach(paper: Submission, chair: Membership, reviewer: Membership) -> None:
    factories.make_review(factories.make_assignment(paper, reviewer))
    assert breaches(AT) == []


def test_a_lost_file_is_seen(paper: Submission) -> None:
    manuscript = Manuscript.objects.get(submission=paper)
    (Path(settings.MEDIA_ROOT) / manuscript.sha256[:2] / manuscript.sha256).unlink()
    assert breaches(AT) == [f"Manuscript {manuscript.pk} names a file that is not there"]


def test_a_submission_without_a_current_file_is_seen(paper: Submission) -> None:
    Manuscript.objects.update(is_current=False)
    assert breaches(AT) == [f"submission {paper.pk} is submitted without a current PDF"]


def test_a_reviewer_in_conflict_is_seen(paper: Submission, reviewer: Membership) -> None:
    factories.make_assignment(paper, reviewer)
    factories.make_conflict(paper, reviewer)
    assert breaches(AT) == [f"membership {reviewer.pk} is assigned to submission {paper.pk} in spite of a conflict"]


def test_a_reviewing_author_is_seen(paper: Submission, edition: Edition, author: User) -> None:
    assignment = factories.make_assignment(paper, factories.make_member(edition, author))
    assert breaches(AT) == [f"assignment {assignment.pk} is an author's own"]


def test_an_outcome_without_decision_is_seen(paper: Submission) -> None:
    factories.announce(paper)
    assert breaches(AT) == [f"submission {paper.pk} shows an outcome without a released decision"]


def test_a_text_without_version_is_seen(paper: Submission, reviewer: Membership) -> None:
    review = factories.make_review(factories.make_assignment(paper, reviewer))
    Review.objects.update(summary="changed behind everybody's back")
    assert breaches(AT) == [f"review {review.pk} holds a text that no version keeps"]


def test_a_withdrawal_without_time_is_seen(paper: Submission) -> None:
    Submission.objects.update(state=State.WITHDRAWN)
    assert breaches(AT) == [f"submission {paper.pk} is withdrawn without a time"]


def test_the_nightly_job_writes_a_letter_to_administrators_only_and_once_a_day(
    paper: Submission, chair: Membership
) -> None:
    administrator = factories.make_user("root@workshop.example", is_superuser=True)
    factories.make_user("gone@workshop.example", is_superuser=True, is_active=False)
    assert (audit(AT), Message.objects.count()) == ([], 0)
    Manuscript.objects.update(is_current=False)
    audit(AT)
    audit(AT)
    letter = Message.objects.get()
    assert (letter.to_email, letter.kind) == (administrator.email, "breaches")
    assert f"submission {paper.pk} is submitted without a current PDF" in letter.text
    assert paper.title not in letter.text
    assert list(Entry.objects.order_by("pk").values_list("verb", "detail")) == [
        ("invariants_checked", {"breaches": 0}),
        ("invariants_checked", {"breaches": 1}),
        ("invariants_checked", {"breaches": 1}),
    ]


def test_the_job_stands_in_the_beat_table_and_does_both_of_its_acts(edition: Edition) -> None:
    assert "reviews.tasks.audit" in {row["task"] for row in app.conf.beat_schedule.values()}
    tasks.audit()
    assert Entry.objects.get().verb == "invariants_checked"
