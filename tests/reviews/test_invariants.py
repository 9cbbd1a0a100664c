"""Each invariant sees its breach, and a healthy edition has none."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from dlonsc.accounts.models import User
from dlonsc.celery import app
from dlonsc.editions.models import Edition, Membership
from dlonsc.history.models import Entry
from dlonsc.mail import ledger
from dlonsc.mail.models import Message
from reviews import tasks
from reviews.actions import assigning, deciding
from reviews.invariants import audit, breaches
from reviews.models import Decision, Review, ReviewVersion, SubReviewer
from submissions.actions import drafting, overseeing, sending
from submissions.models import AuthorListRequest, Manuscript, Submission
from submissions.states import State
from tests import factories
from tests.factories import AFTER_DEADLINE as AT


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


def test_a_file_whose_bytes_changed_while_its_size_did_not_is_seen(paper: Submission) -> None:
    manuscript = Manuscript.objects.get(submission=paper)
    path = Path(settings.MEDIA_ROOT) / manuscript.sha256[:2] / manuscript.sha256
    path.write_bytes(path.read_bytes()[::-1])
    assert breaches(AT) == [f"Manuscript {manuscript.pk} names a file whose bytes are not those of its hash"]


def test_a_submission_without_a_current_file_is_seen(paper: Submission) -> None:
    Manuscript.objects.update(is_current=False)
    assert breaches(AT) == [f"submission {paper.pk} is submitted without a current PDF"]


def test_a_reviewer_in_conflict_is_seen(paper: Submission, reviewer: Membership) -> None:
    factories.make_assignment(paper, reviewer)
    factories.make_conflict(paper, reviewer)
    assert breaches(AT) == [f"membership {reviewer.pk} is assigned to submission {paper.pk} in spite of a conflict"]


def test_a_conflict_that_a_chair_sets_of_somebody_at_work_is_no_breach(
    paper: Submission, reviewer: Membership, chair: Membership
) -> None:
    assert chair.user is not None
    factories.make_assignment(paper, reviewer)
    later = AT + timedelta(minutes=1)
    assigning.add_conflict(paper, reviewer, kind="other", reason="They wrote together.", by=chair.user, at=later)
    assert breaches(later) == []


def test_a_reviewing_author_is_seen(paper: Submission, edition: Edition, author: User) -> None:
    assignment = factories.make_assignment(paper, factories.make_member(edition, author))
    assert breaches(AT) == [f"assignment {assignment.pk} is an author's own"]


def test_a_reviewing_author_is_seen_however_her_address_is_written(paper: Submission, reviewer: Membership) -> None:
    assignment = factories.make_assignment(paper, reviewer)
    factories.make_author(paper, "Rita@Institute-D.example")
    assert breaches(AT) == [f"assignment {assignment.pk} is an author's own"]


def test_an_address_that_is_not_proven_makes_no_reviewer_an_author(paper: Submission, reviewer: Membership) -> None:
    factories.make_assignment(paper, reviewer)
    assert reviewer.user is not None
    reviewer.user.emailaddress_set.create(email=paper.created_by.email.upper(), verified=False)
    assert breaches(AT) == []


@pytest.fixture
def helper(paper: Submission, reviewer: Membership) -> SubReviewer:
    """Somebody who writes with the reviewer of the paper, and has saved a text."""
    user = factories.make_user("susan@suburb.example", "Susan Sub")
    return factories.make_sub_reviewer(factories.make_assignment(paper, reviewer), user, typed="Her words.")


BAD_HELPER = "is an author of the submission or in conflict with it"


def test_a_sub_reviewing_author_is_seen_however_her_address_is_written(paper: Submission, helper: SubReviewer) -> None:
    assert breaches(AT) == []
    factories.make_author(paper, "Susan@Suburb.example")
    assert breaches(AT) == [f"sub-reviewer {helper.pk} {BAD_HELPER}"]


def test_a_sub_reviewer_in_conflict_is_seen(paper: Submission, edition: Edition, helper: SubReviewer) -> None:
    factories.make_conflict(paper, factories.make_member(edition, helper.user))
    assert breaches(AT) == [f"sub-reviewer {helper.pk} {BAD_HELPER}"]


def test_a_sub_reviewer_who_outlasts_her_task_is_seen(helper: SubReviewer) -> None:
    Review.objects.update(submitted_at=AT)
    assert breaches(AT) == [f"sub-reviewer {helper.pk} stands without a task"]


def test_a_sub_reviewers_text_in_a_review_of_somebody_else_is_seen(
    edition: Edition, paper: Submission, helper: SubReviewer
) -> None:
    other = factories.make_review(factories.make_assignment(paper, factories.make_member(edition)))
    version = ReviewVersion.objects.get(review=other)
    assert breaches(AT) == []
    ReviewVersion.objects.filter(pk=version.pk).update(saved_by=helper.user)
    assert breaches(AT) == [f"version {version.pk} of a review was saved by somebody who had no part in it"]


@pytest.fixture
def told(paper: Submission, chair: Membership) -> Decision:
    """A decision that is announced to two authors."""
    assert chair.user is not None
    factories.make_author(paper, "Bo@b.example", "Bo")
    deciding.decide(paper, verdict="accept", note="", to_authors="", version=0, by=chair.user, at=AT)
    now = deciding.plan(chair)
    deciding.announce(
        chair, accepts=1, rejects=0, fingerprint=now.fingerprint, leave_undecided=False, by=chair.user, at=AT
    )
    return Decision.objects.get()


RELEASED = AT + timedelta(hours=1)


def test_a_released_decision_without_the_letter_of_an_author_is_seen(told: Decision) -> None:
    assert breaches(RELEASED) == []
    Message.objects.filter(to_email="bo@b.example").delete()
    bo = told.submission.authors.get(name="Bo")
    assert breaches(RELEASED) == [f"author {bo.pk} has no letter of decision {told.pk}, which is released"]


def test_a_released_decision_all_of_whose_letters_were_cancelled_is_seen(told: Decision) -> None:
    ledger.cancel_waiting(Message.objects.all(), before=RELEASED, by="the administrator", at=RELEASED)
    assert breaches(RELEASED) == [f"decision {told.pk} is released and all its letters were cancelled"]
    # What was withdrawn during the hold is rightly told to nobody.
    Submission.objects.filter(pk=told.submission_id).update(state=State.WITHDRAWN, withdrawn_at=AT)
    assert not any("cancelled" in sentence for sentence in breaches(RELEASED))


def test_what_was_taken_back_during_the_hold_keeps_its_outcome_and_one_whose_letter_left_is_seen(
    told: Decision, author: User
) -> None:
    paper = told.submission
    sending.withdraw(submission=paper, reason="", by=author, at=AT + timedelta(minutes=1))
    assert breaches(RELEASED) == []
    letter = Message.objects.get(kind="decision", to_email="bo@b.example")
    Message.objects.filter(pk=letter.pk).update(state="sent", finished_at=RELEASED, handed_over_at=RELEASED)
    assert breaches(RELEASED) == [f"letter {letter.pk} told the outcome of submission {paper.pk}, which is withdrawn"]


@pytest.mark.parametrize("state", [State.DRAFT, State.DESK_REJECTED, State.WITHDRAWN])
def test_an_outcome_of_what_was_not_taken_back_during_the_hold_is_seen(told: Decision, state: State) -> None:
    paper = told.submission
    Submission.objects.update(state=state, withdrawn_at=RELEASED)
    assert breaches(RELEASED) == [
        f"submission {paper.pk} is {state} and has an outcome that was not taken back with it"
    ]


def test_an_author_who_was_listed_after_the_release_needs_no_letter(
    told: Decision, chair: Membership, author: User
) -> None:
    assert chair.user is not None
    entries = [drafting.AuthorEntry(name="Cy", email="cy@c.example", is_contact=True)]
    request = AuthorListRequest.objects.create(
        submission=told.submission,
        old_list=drafting.listed(told.submission),
        new_list=[{"name": entry.name, "email": entry.email, "is_contact": True} for entry in entries],
        requested_by=author,
        requested_at=RELEASED,
    )
    Message.objects.filter(kind="decision").update(state="sent", finished_at=RELEASED, handed_over_at=RELEASED)
    overseeing.decide_author_change(request=request, grant=True, answer="", by=chair.user, at=RELEASED)
    assert breaches(RELEASED) == []


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
