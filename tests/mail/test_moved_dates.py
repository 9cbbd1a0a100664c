"""A letter that waits, while the mail is paused, tells no date that was moved meanwhile, nor one that is over."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail import guards, ledger
from dlonsc.mail.models import Message, State
from dlonsc.mail.transport import KeepInLedger
from reviews.actions import assigning, lettering, subreviewing
from reviews.models import Assignment, SubReviewer
from reviews.tasks import tell_late_conflicts
from submissions import emails
from submissions.actions import overseeing, sending
from submissions.models import CameraReadyKind, Submission
from tests import factories
from tests.factories import AFTER_DEADLINE
from tests.visibility.test_side_doors import change_address

DAY = timedelta(days=1)
MOVED = "the date that it tells was moved in the meantime"


@pytest.fixture(autouse=True)
def travelled(db: None) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AFTER_DEADLINE, tick=False) as traveller:
        yield traveller


def assigned(chair: Membership, reviewer: Membership) -> Phase:
    assert chair.user is not None
    assigning.assign(factories.make_submission(chair.edition), reviewer, by=chair.user, at=AFTER_DEADLINE)
    return Phase.REVIEW


def chair_reminder(chair: Membership, reviewer: Membership) -> Phase:
    assert chair.user is not None
    task = factories.make_assignment(factories.make_submission(chair.edition), reviewer)
    assigning.remind(chair.edition, [task], press="one", by=chair.user, at=AFTER_DEADLINE)
    return Phase.REVIEW


def sub_reviewer_invitation(chair: Membership, reviewer: Membership) -> Phase:
    assert chair.user is not None
    assert reviewer.user is not None
    Edition.objects.update(sub_reviewers=True)
    task = factories.make_assignment(factories.make_submission(chair.edition), reviewer)
    task = Assignment.objects.select_related("membership__user", "submission__edition").get(pk=task.pk)
    subreviewing.name_sub_reviewer(
        task, name="Sue", email="sue@far.example", institution="Far", why="", by=reviewer.user, at=AFTER_DEADLINE
    )
    subreviewing.agree(SubReviewer.objects.get(), chair=chair, reason="", at=AFTER_DEADLINE)
    return Phase.REVIEW


def chase(chair: Membership, reviewer: Membership) -> Phase:
    paper = factories.announce(factories.make_submission(chair.edition))
    for author in paper.authors.all():
        emails.chase(paper, author, CameraReadyKind.PDF, at=AFTER_DEADLINE)
    return Phase.CAMERA_READY


def deliver(kind: str) -> list[str]:
    """The texts of a kind that have left by now."""
    ledger.drain(KeepInLedger(), seconds=10)
    return list(Message.objects.filter(kind=kind, state=State.SENT).order_by("pk").values_list("text", flat=True))


@pytest.mark.parametrize("write", [assigned, chair_reminder, sub_reviewer_invitation, chase])
def test_what_waits_with_a_date_that_was_moved_is_written_anew_once_with_the_new_one(
    edition: Edition, chair: Membership, reviewer: Membership, write: Callable[[Membership, Membership], Phase]
) -> None:
    phase, kind = write(chair, reviewer), write.__name__
    old = Message.objects.get(kind=kind)
    assert guards.objection(old) is None
    for days in (3, 5):
        due = edition.deadlines.get(phase=phase)
        edition.deadlines.filter(phase=phase).update(
            cutoff_at=due.cutoff_at + days * DAY, announced=(due.announced_at + days * DAY).isoformat()[:16]
        )
        assert deliver(kind) == []
        tell_late_conflicts()
    assert set(Message.objects.filter(kind=kind, state=State.CANCELLED).values_list("answer", flat=True)) == {MOVED}
    for _ in range(2):
        (text,) = deliver(kind)
        tell_late_conflicts()
    due = edition.deadlines.get(phase=phase)
    assert f"{due.announced_at.day} {due.announced_at:%b %Y, %H:%M}" in text
    assert old.text != text


@pytest.mark.parametrize("write", [assigned, chair_reminder, sub_reviewer_invitation, chase])
def test_what_failed_and_is_sent_again_once_its_date_was_moved_is_written_anew_with_the_new_one(
    edition: Edition, chair: Membership, reviewer: Membership, write: Callable[[Membership, Membership], Phase]
) -> None:
    assert chair.user is not None
    phase, kind = write(chair, reviewer), write.__name__
    Message.objects.filter(kind=kind).update(state=State.FAILED)
    cutoff = edition.deadlines.get(phase=phase).cutoff_at
    edition.deadlines.filter(phase=phase).update(cutoff_at=cutoff + 3 * DAY)
    lettering.send_again(Message.objects.get(kind=kind), by=chair.user, at=AFTER_DEADLINE)
    for _ in range(2):
        deliver(kind)
        tell_late_conflicts()
    letters = Message.objects.filter(kind=kind).order_by("pk")
    assert [letter.state for letter in letters] == [State.CANCELLED, State.SENT]
    assert letters[0].answer == MOVED


def test_what_was_told_anew_at_another_address_is_not_sent_again_to_an_address_that_is_hers_again(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    assert chair.user is not None
    assert reviewer.user is not None
    old = reviewer.user.email
    chair_reminder(chair, reviewer)
    change_address(reviewer.user, "new@here.example")
    assert deliver("chair_reminder") == []
    tell_late_conflicts()
    change_address(reviewer.user, old)
    letter = Message.objects.get(kind="chair_reminder", to_email=old)
    with pytest.raises(ledger.NotPossible, match="written anew by itself"):
        lettering.send_again(letter, by=chair.user, at=AFTER_DEADLINE)
    assert deliver("chair_reminder") == []
    tell_late_conflicts()
    assert len(deliver("chair_reminder")) == 1


def test_reminders_of_several_presses_that_wait_with_an_old_date_are_written_anew_as_one_for_what_is_left(
    edition: Edition, chair: Membership, reviewer: Membership
) -> None:
    assert chair.user is not None
    papers = [factories.make_submission(edition, title=title) for title in ("Wombat", "Zebra", "Yak")]
    tasks = [factories.make_assignment(paper, reviewer) for paper in papers]
    for press, rows in enumerate((tasks[:2], tasks[2:])):
        assigning.remind(edition, rows, press=str(press), by=chair.user, at=AFTER_DEADLINE)
    due = edition.deadlines.get(phase=Phase.REVIEW)
    edition.deadlines.filter(phase=Phase.REVIEW).update(cutoff_at=due.cutoff_at + DAY)
    factories.make_review(tasks[0])
    assert deliver("chair_reminder") == []
    tell_late_conflicts()
    tell_late_conflicts()
    (text,) = deliver("chair_reminder")
    assert [title in text for title in ("Wombat", "Zebra", "Yak")] == [False, True, True]


def correct_pdf(paper: Submission, chair: Membership, until: datetime) -> None:
    assert chair.user is not None
    overseeing.ask_for_corrected_pdf(
        manuscript=paper.manuscripts.get(), text="The margins.", until=until, by=chair.user, at=AFTER_DEADLINE
    )


def late_permission(paper: Submission, chair: Membership, until: datetime) -> None:
    assert chair.user is not None
    overseeing.give_late_permission(
        submission=paper, phase=Phase.SUBMISSION, cutoff=until, reason="A flood.", by=chair.user, at=AFTER_DEADLINE
    )


@pytest.mark.parametrize("write", [correct_pdf, late_permission])
@pytest.mark.parametrize("end", ["time", "withdrawal"])
def test_what_gives_authors_time_does_not_leave_once_the_time_is_over_or_the_paper_is_withdrawn(
    edition: Edition,
    chair: Membership,
    travelled: time_machine.Traveller,
    write: Callable[[Submission, Membership, datetime], None],
    end: str,
) -> None:
    paper, until = factories.make_submission(edition), AFTER_DEADLINE + 2 * DAY
    write(paper, chair, until)
    letter = Message.objects.get(kind=write.__name__)
    assert guards.objection(letter) is None
    if end == "time":
        travelled.move_to(until)
        assert guards.objection(letter) == "the time that it gives is over"
    else:
        sending.withdraw(submission=paper, reason="", by=paper.created_by, at=timezone.now())
        assert guards.objection(letter) == "the submission was withdrawn or returned in the meantime"
