"""Every kind of letter is asked once more before it leaves, or says why it need not be."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings

from dlonsc.accounts.models import User
from dlonsc.editions import actions as editions
from dlonsc.editions import emails as editions_emails
from dlonsc.editions.calendar import Phase
from dlonsc.editions.guards import TO_CHAIRS
from dlonsc.editions.models import Edition, Membership
from dlonsc.editions.pasted import Invitee
from dlonsc.mail import guards, ledger
from dlonsc.mail.models import Message, State
from dlonsc.mail.transport import KeepInLedger
from reviews.actions import assigning, deciding
from reviews.actions import mailing as mailings
from reviews.actions.ending import end_with
from reviews.emails.chairing import post_conflict_set, post_delegate_named
from reviews.emails.deciding import post_to_myself, rendered
from reviews.emails.reviewing import post_profile_correction
from reviews.late_conflicts import tell_chairs
from reviews.late_reviews import tell_of_late_reviews
from reviews.models import Announcement, Assignment, Mailing, SubReviewer
from submissions.actions import overseeing, printing
from submissions.guards import TAKEN_BACK, for_chair
from submissions.guards import TO_CHAIRS as ABOUT_A_PAPER
from submissions.models import CameraReadyItem, CameraReadyKind, Submission
from tests import factories
from tests.factories import AFTER_DEADLINE, AT

MINUTE = timedelta(minutes=1)

# Kinds that leave whatever has changed since they were written, and why.
WITHOUT = {
    "account": "to the address that somebody asked for a moment ago",
    "author_change": "tells those of the old and of the new list that a change is asked for",
    "author_change_decided": "tells those of the old and of the new list what became of it",
    "breaches": "to administrators, of rows by number",
    "erasure": "to administrators, who must act on it",
    "mail_test": "to who asks for it, of nothing",
}


def test_every_kind_of_letter_has_a_guard_or_a_reason_to_have_none() -> None:
    rooms = ["dlonsc", "submissions", "reviews"]
    folders = [Path(settings.BASE_DIR) / "templates", *(Path(settings.BASE_DIR) / room for room in rooms)]
    found = {path.name.split(".")[0] for folder in folders for path in folder.rglob("emails/*.subject.txt")}
    assert found - set(guards._guards) == set(WITHOUT)


def objections(kind: str) -> list[str | None]:
    return [guards.objection(letter) for letter in Message.objects.filter(kind=kind).order_by("pk")]


# --- To chairs --------------------------------------------------------------------------------------------------------


def write_to(chair: Membership, kind: str, member: Membership) -> None:
    """A letter of the kind to the chair, about the member where it is about somebody."""
    edition, user = chair.edition, member.user
    assert user is not None
    match kind:
        case "new_chair":
            editions_emails.post_new_chair(member, chair, AT)
        case "chair_ended":
            editions_emails.post_chair_ended(member, chair, by=user, at=AT)
        case "one_releases":
            editions_emails.post_one_releases(edition, chair, by=user, at=AT)
        case "mass_reading":
            editions_emails.post_mass_reading(chair, user, 99, at=AT)
        case "conflict_correction":
            post_profile_correction(member, chair, "Her own words.", AT)
        case "conflict_set":
            conflict = factories.make_conflict(factories.make_submission(edition), chair)
            post_conflict_set(conflict, by=user, at=AT)
        case "delegate_named":
            post_delegate_named(edition, member, chair, by=user, at=AT)


@pytest.mark.parametrize("kind", TO_CHAIRS)
def test_a_letter_to_a_chair_leaves_only_to_her_address_and_while_she_is_one(
    edition: Edition, other_chair: Membership, reviewer: Membership, kind: str
) -> None:
    write_to(other_chair, kind, reviewer)
    assert objections(kind) == [None]
    Membership.objects.filter(pk=other_chair.pk).update(is_chair=False)
    assert objections(kind) == ["the recipient is no chair any more"]
    move(other_chair)
    assert objections(kind) == [guards.OTHER_ADDRESS]


def test_who_is_no_chair_any_more_is_told_so_herself(other_chair: Membership, chair: Membership) -> None:
    assert chair.user is not None
    editions.remove_member(membership=other_chair, by=chair.user, at=AT)
    assert objections("chair_ended") == [None]


def move(member: Membership) -> None:
    """She signs in with another address from now on, and the old one is none of hers."""
    EmailAddress.objects.filter(user=member.user).update(email="otto@new.example")
    User.objects.filter(pk=member.user_id).update(email="otto@new.example")


def sample(kind: str, chair: Membership, task: Assignment) -> Submission:
    """A letter of others that the chair sends herself, and the submission that it tells of."""
    assert chair.user is not None
    paper, edition = task.submission, chair.edition
    if kind == "decision_test":
        factories.make_decision(paper, chair.user)
        [decision] = deciding.plan(chair).decisions
        shown = {"verdict": "accept", "to_authors": "", "reviews": []}
        letters = rendered(edition, decision, list(paper.authors.all()), shown)
        post_to_myself(letters[0], chair.user, chair=chair, at=AT)
    else:
        row = mailings.begin(chair, "submitted" if kind == "mailing_test" else "open_reviews", by=chair.user, at=AT)
        mailings.write(row, subject="News", text="Dear {name}", version=1, at=AT)
        row = Mailing.objects.get(pk=row.pk)
        mailings.to_myself(chair, row, "", by=chair.user, at=AT)
    return paper


@pytest.mark.parametrize("kind", ["decision_test", "mailing_test", "mailing_tasks_test"])
def test_a_letter_that_a_chair_sends_herself_does_not_leave_once_she_may_not_know_what_it_tells(
    kind: str, other_chair: Membership, task: Assignment
) -> None:
    paper = sample(kind, Membership.objects.select_related("edition", "user").get(pk=other_chair.pk), task)
    assert objections(kind) == [None]
    conflict = factories.make_conflict(paper, other_chair)
    assert objections(kind) == ["the recipient may not know of the submission any more"]
    conflict.delete()
    Membership.objects.filter(pk=other_chair.pk).update(is_chair=False)
    assert objections(kind) == ["the recipient is no chair any more"]
    move(other_chair)
    assert objections(kind) == [guards.OTHER_ADDRESS]


# --- What was taken back ----------------------------------------------------------------------------------------------


def test_the_reason_of_a_return_that_was_taken_back_does_not_leave_after_a_second_one(
    edition: Edition, author: User, chair: Membership
) -> None:
    row, by = factories.make_submission(edition, author), chair.user
    assert by is not None
    overseeing.desk_reject(submission=row, text="The wrong reason.", by=by, at=AT)
    overseeing.undo_desk_reject(submission=row, by=by, at=AT + MINUTE)
    overseeing.desk_reject(submission=row, text="The right reason.", by=by, at=AT + 2 * MINUTE)
    assert objections("desk_reject") == [TAKEN_BACK, None]
    # That it stands again is not true any more either.
    assert objections("restored") == [TAKEN_BACK]


def test_approved_does_not_leave_once_the_paper_is_unlocked(edition: Edition, author: User, chair: Membership) -> None:
    row, by = factories.announce(factories.make_submission(edition, author)), chair.user
    assert by is not None
    for kind in CameraReadyKind.values:
        item = {"kind": kind, "number": 1, "sha256": "0" * 64, "size": 1, "original_name": "x", "uploaded_by": author}
        CameraReadyItem.objects.create(submission=row, accepted_by=by, accepted_at=AT, **item)
    printing.approve(submission=row, by=by, at=AT)
    assert objections("camera_ready_approved") == [None]
    printing.unlock(submission=row, by=by, at=AT)
    assert objections("camera_ready_approved") == [TAKEN_BACK]
    printing.approve(submission=row, by=by, at=AT + MINUTE)
    assert objections("camera_ready_approved") == [TAKEN_BACK, None]


@pytest.mark.parametrize("kind", ["camera_ready_approved", "camera_ready_returned", "late_permission"])
def test_nothing_about_print_leaves_once_the_acceptance_was_taken_back(
    edition: Edition, author: User, chair: Membership, kind: str
) -> None:
    row, by = factories.announce(factories.make_submission(edition, author)), chair.user
    assert by is not None
    delivered = [
        CameraReadyItem.objects.create(
            submission=row, kind=one, number=1, sha256="0" * 64, size=1, original_name="x", uploaded_by=author
        )
        for one in CameraReadyKind.values
    ]
    if kind == "camera_ready_returned":
        printing.return_item(item=delivered[0], text="A font is missing.", by=by, at=AT)
    elif kind == "late_permission":
        overseeing.give_late_permission(
            submission=row, phase=Phase.CAMERA_READY, cutoff=AT + timedelta(days=365), reason="Fire.", by=by, at=AT
        )
    else:
        CameraReadyItem.objects.update(accepted_by=by, accepted_at=AT)
        printing.approve(submission=row, by=by, at=AT)
    assert objections(kind) == [None]
    factories.announce(row, "rejected")
    assert objections(kind) == [TAKEN_BACK]


# --- What the beat tells chairs ---------------------------------------------------------------------------------------


@pytest.fixture
def task(edition: Edition, reviewer: Membership) -> Assignment:
    return factories.make_assignment(factories.make_submission(edition), reviewer)


@pytest.mark.parametrize("how", ["lifted", "taken back"])
def test_a_late_conflict_is_not_told_once_it_is_none(
    task: Assignment, chair: Membership, reviewer: Membership, how: str
) -> None:
    assert chair.user is not None
    conflict = factories.make_conflict(task.submission, reviewer, reason="same institution")
    tell_chairs(chair.edition, AT)
    assert objections("late_conflict") == [None]
    if how == "lifted":
        assigning.lift_conflict(conflict, reason="A namesake.", by=chair.user, at=AT)
    else:
        assigning.unassign(task, by=chair.user, at=AT)
    assert objections("late_conflict") == ["the conflict was lifted, or the task taken back, in the meantime"]


def hold(chair: Membership, paper: Submission) -> Announcement:
    """A decision on the paper, announced and held."""
    assert chair.user is not None
    factories.make_decision(paper, chair.user)
    chair = Membership.objects.select_related("edition", "user").get(pk=chair.pk)
    found = deciding.plan(chair).fingerprint
    return deciding.announce(
        chair, accepts=1, rejects=0, fingerprint=found, leave_undecided=True, by=chair.user, at=AFTER_DEADLINE
    )


def test_thanks_do_not_leave_once_the_place_was_taken_back(edition: Edition, chair: Membership) -> None:
    assert chair.user is not None
    editions.invite(
        edition=edition,
        people=[Invitee(1, "Nina", "nina@uni.example", "")],
        roles={"is_reviewer": True},
        note_text="",
        by=chair.user,
        at=AT,
    )
    member = Membership.objects.get(email="nina@uni.example")
    editions.accept_invitation(membership=member, max_load=None, by=None, at=AT)
    assert objections("thanks") == [None]
    editions.remove_member(membership=member, by=chair.user, at=AT)
    assert objections("thanks") == ["the place was taken back in the meantime"]


def test_the_end_of_a_part_is_not_told_to_who_was_asked_again_or_left_the_address(task: Assignment) -> None:
    sue = factories.make_user("sue@uni.example", "Sue")
    row = factories.make_sub_reviewer(task, sue)
    end_with([task], ending=SubReviewer.Ending.TASK, by=sue, at=AT)
    assert objections("sub_reviewer_ended") == [None]
    again = factories.make_sub_reviewer(task, sue)
    assert objections("sub_reviewer_ended") == ["she was asked again in the meantime"]
    again.delete()
    EmailAddress.objects.filter(user=sue).update(email="sue@new.example")
    User.objects.filter(pk=sue.pk).update(email="sue@new.example")
    assert (row.email, objections("sub_reviewer_ended")) == ("sue@uni.example", [guards.OTHER_ADDRESS])


def test_a_sub_reviewer_is_not_invited_once_the_paper_is_closed_to_its_reviewer(
    task: Assignment, chair: Membership, reviewer: Membership
) -> None:
    Edition.objects.update(sub_reviewers=True)
    row = SubReviewer.objects.create(
        assignment=task, name="Sue", email="sue@uni.example", institution="Uni", named_by=reviewer.user, named_at=AT,
        decided_by=chair.user, decided_at=AT, is_agreed=True,
    )  # fmt: skip
    letter = Message(kind="sub_reviewer_invitation", to_email=row.email, guard={"sub_reviewer": row.pk})
    assert guards.objection(letter) is None
    factories.make_conflict(task.submission, reviewer)
    assert guards.objection(letter) == "the invitation has ended, or was answered, in the meantime"


def test_that_a_text_is_ready_is_told_only_while_the_task_is_hers(
    task: Assignment, chair: Membership, reviewer: Membership
) -> None:
    letter = Message(kind="sub_reviewer_ready", to_email=reviewer.email, guard={"assignment": task.pk})
    hers, its = Membership.objects.filter(pk=reviewer.pk), Assignment.objects.filter(pk=task.pk)
    kept = []
    for rows, end, again in (
        (hers, {"removed_at": AT}, {"removed_at": None}),
        (hers, {"is_reviewer": False}, {"is_reviewer": True}),
        (its, {"declined_at": AT}, {"declined_at": None}),
        (its, {"removed_at": AT, "removed_by": chair.user}, {"removed_at": None, "removed_by": None}),
    ):
        rows.update(**end)
        kept.append(guards.objection(letter))
        rows.update(**again)
    assert kept == ["the task is none of hers any more"] * 4
    assert guards.objection(letter) is None


@pytest.mark.parametrize("kind", [*ABOUT_A_PAPER, "late_conflict", "review_after_letters", "sub_reviewer_named"])
def test_a_letter_to_a_chair_about_a_paper_does_not_leave_once_she_may_not_know_of_it(
    edition: Edition, other_chair: Membership, kind: str
) -> None:
    paper = factories.make_submission(edition)
    letter = Message(kind=kind, to_email=other_chair.email, guard=for_chair(other_chair, paper))
    assert guards.objection(letter) is None
    conflict = factories.make_conflict(paper, other_chair)
    kept = [guards.objection(letter)]
    conflict.delete()
    for change in ({"is_chair": False}, {"is_chair": True, "removed_at": AT}):
        Membership.objects.filter(pk=other_chair.pk).update(**change)
        kept.append(guards.objection(letter))
    assert kept == ["the recipient may not know of the submission any more"] * 3


@pytest.mark.parametrize("how", ["stopped", "released"])
def test_a_review_after_the_letters_is_not_told_once_they_cannot_be_stopped(
    task: Assignment, chair: Membership, how: str
) -> None:
    assert chair.user is not None
    with time_machine.travel(AFTER_DEADLINE, tick=False) as traveller:
        held = hold(chair, task.submission)
        factories.make_review(task, saved_at=AFTER_DEADLINE, submitted_at=AFTER_DEADLINE)
        tell_of_late_reviews(AFTER_DEADLINE)
        assert objections("review_after_letters") == [None]
        if how == "stopped":
            deciding.stop_announcement(held, by=chair.user, at=AFTER_DEADLINE)
        else:
            traveller.move_to(held.release_at)
        assert objections("review_after_letters") == ["the decisions were stopped or released in the meantime"]


def test_what_the_beat_tells_a_chair_is_written_anew_to_her_new_address(
    task: Assignment, chair: Membership, other_chair: Membership, reviewer: Membership
) -> None:
    with time_machine.travel(AFTER_DEADLINE, tick=False):
        other = factories.make_assignment(factories.make_submission(chair.edition), reviewer)
        factories.make_conflict(other.submission, reviewer)
        assert tell_chairs(chair.edition, AFTER_DEADLINE) == 2
        hold(chair, task.submission)
        factories.make_review(task, saved_at=AFTER_DEADLINE, submitted_at=AFTER_DEADLINE)
        assert tell_of_late_reviews(AFTER_DEADLINE) == 2
        move(other_chair)
        ledger.drain(KeepInLedger(), seconds=5)
        told = [tell_chairs(chair.edition, AFTER_DEADLINE), tell_of_late_reviews(AFTER_DEADLINE)]
        ledger.drain(KeepInLedger(), seconds=5)
    assert told == [1, 1]
    rows = Message.objects.filter(kind__in=["late_conflict", "review_after_letters"], state=State.SENT)
    assert sorted(rows.values_list("kind", "to_email")) == [
        (kind, email)
        for kind in ("late_conflict", "review_after_letters")
        for email in (chair.email, "otto@new.example")
    ]
