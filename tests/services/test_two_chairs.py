"""Two chairs press, or two beats ring, at the same instant, on PostgreSQL: one release, and each letter once."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction

from dlonsc.editions import actions as editions
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail.guards import objection
from dlonsc.mail.ledger import NotPossible
from dlonsc.mail.models import Campaign, Message
from dlonsc.mail.models import State as Letter
from reviews import reminders
from reviews.actions import assigning, deciding, lettering
from reviews.actions import mailing as mailings
from reviews.actions.assigning import Refused
from reviews.actions.delegating import name_delegate
from reviews.models import Announcement, Assignment, Decision, Mailing
from submissions.actions import drafting, moves, overseeing, sending
from submissions.models import Submission
from submissions.states import State
from tests import factories
from tests.factories import AFTER_DEADLINE, AT
from tests.services.test_mail_faults import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("servers")]


def at_once(*presses: Callable[[], object]) -> list[str]:
    """Run all at the same instant in threads with connections of their own; "done" or the words of a refusal, each."""
    barrier, ended = threading.Barrier(len(presses)), [""] * len(presses)

    def run(place: int) -> None:
        barrier.wait()
        try:
            presses[place]()
            ended[place] = "done"
        except (Refused, moves.Refused) as refusal:
            ended[place] = str(refusal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[place]) for place in range(len(presses))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


@pytest.fixture
def chairs(transactional_db: None) -> list[Membership]:
    edition = factories.make_edition()
    return [factories.make_member(edition, email=f"chair{number}@lab.example", chair=True) for number in range(2)]


NOTHING_LEFT = "every decision that you may see is announced or held."


def fresh(chair: Membership) -> Membership:
    return Membership.objects.select_related("edition", "user").get(pk=chair.pk)


def test_decisions_released_by_two_chairs_at_once_are_released_once(chairs: list[Membership]) -> None:
    edition = chairs[0].edition
    for number in range(12):
        paper = factories.make_submission(edition, factories.make_user(f"a{number}@uni.example"))
        factories.make_decision(paper, chairs[0].user, "accept" if number % 3 else "reject")
    seen = deciding.plan(fresh(chairs[0]))

    def press(chair: Membership) -> Callable[[], object]:
        mine = fresh(chair)
        assert mine.user is not None
        user = mine.user
        return lambda: deciding.announce(
            mine, accepts=8, rejects=4, fingerprint=seen.fingerprint, leave_undecided=False, by=user, at=AFTER_DEADLINE
        )

    ended = at_once(*(press(chair) for chair in chairs))
    assert (ended.count("done"), Announcement.objects.count(), Campaign.objects.count()) == (1, 1, 1)
    letters = Message.objects.filter(kind="decision").order_by("to_email").values_list("to_email", flat=True)
    assert list(letters) == sorted(f"a{number}@uni.example" for number in range(12))


def test_a_mailing_released_twice_at_once_is_released_once(chairs: list[Membership]) -> None:
    chair = fresh(chairs[0])
    assert chair.user is not None
    user = chair.user
    for number in range(10):
        factories.make_submission(chair.edition, factories.make_user(f"a{number}@uni.example"))
    row = mailings.begin(chair, "submitted", by=user, at=AT)
    mailings.write(row, subject="News", text="Dear {name}", version=1, at=AT)
    row = Mailing.objects.get(pk=row.pk)
    run = mailings.dry_run(chair, row, AT)

    def press() -> object:
        mine = fresh(chair)
        return mailings.release(mine, row, count=10, fingerprint=run.fingerprint, by=user, at=AT)

    ended = at_once(press, press)
    assert ended.count("done") == 1
    assert [words.startswith("It is released already") for words in ended if words != "done"] == [True]
    assert (Campaign.objects.count(), Message.objects.filter(kind="mailing").count()) == (1, 10)


def test_two_beats_that_remind_at_once_write_each_reminder_once(chairs: list[Membership]) -> None:
    edition = chairs[0].edition
    for number in range(6):
        factories.make_submission(edition, factories.make_user(f"a{number}@uni.example"), state=State.DRAFT)
    day_before = edition.deadlines.get(phase="submission").cutoff_at - timedelta(hours=23)
    assert at_once(*(lambda: reminders.remind(day_before) for _ in range(3))) == ["done"] * 3
    reached = Message.objects.order_by("to_email").values_list("to_email", flat=True)
    assert list(reached) == [f"a{number}@uni.example" for number in range(6)]


def while_open(act: Callable[[], object], meanwhile: Callable[[], object]) -> str:
    """Do one thing and leave its transaction open for a second, in which another begins; how the other ended."""
    begun, go = threading.Event(), threading.Event()

    def run() -> None:
        try:
            with transaction.atomic():
                act()
                begun.set()
                go.wait(10)
        finally:
            begun.set()
            connections.close_all()

    first = threading.Thread(target=run)
    first.start()
    begun.wait(10)
    threading.Timer(1.0, go.set).start()
    try:
        meanwhile()
        return "done"
    except (Refused, moves.Refused, NotPossible) as refusal:
        return str(refusal)
    finally:
        first.join()


def release(chair: Membership) -> Announcement:
    now = deciding.plan(chair)
    assert chair.user is not None
    return deciding.announce(
        chair, accepts=1, rejects=0, fingerprint=now.fingerprint, leave_undecided=True, by=chair.user, at=AFTER_DEADLINE
    )


def test_a_chair_who_stops_and_one_who_confirms_do_not_wait_for_each_other(chairs: list[Membership]) -> None:
    papers = [factories.make_submission(chairs[0].edition) for _ in range(4)]
    for paper in papers:
        factories.make_decision(paper, chairs[0].user)
    seen = deciding.plan(fresh(chairs[0]))
    by = chairs[0].user
    assert by is not None
    held = deciding.announce(
        fresh(chairs[0]),
        accepts=seen.accepts,
        rejects=seen.rejects,
        fingerprint=seen.fingerprint,
        leave_undecided=False,
        by=by,
        at=AFTER_DEADLINE,
    )
    # Written last, the first paper is the last one that a statement over all of them comes by.
    Submission.objects.filter(pk=papers[0].pk).update(title="Changed")
    seen = deciding.plan(fresh(chairs[1]))
    kept, go = threading.Event(), threading.Event()

    def keep() -> None:
        with transaction.atomic():
            Submission.objects.select_for_update(no_key=True).get(pk=papers[0].pk)
            kept.set()
            go.wait(20)

    def confirm() -> None:
        kept.wait(10)
        deciding.confirm_letters(fresh(chairs[1]), fingerprint=seen.fingerprint, by=by, at=AFTER_DEADLINE)

    def stop() -> None:
        kept.wait(10)
        until(lambda: waiting_for_locks() == 1, 10)
        deciding.stop_announcement(held, by=by, at=AFTER_DEADLINE)

    def let_go() -> None:
        kept.wait(10)
        until(lambda: waiting_for_locks() == 2, 10)
        go.set()

    assert at_once(keep, confirm, stop, let_go) == ["done"] * 4


def test_who_opens_submission_again_and_one_who_confirms_do_not_wait_for_each_other(chairs: list[Membership]) -> None:
    edition, by = chairs[0].edition, chairs[0].user
    papers = [factories.make_submission(edition) for _ in range(2)]
    for paper in papers:
        factories.make_conflict(paper, chairs[0])
        factories.make_decision(paper, chairs[1].user)
        release(fresh(chairs[1]))
    Announcement.objects.filter(decisions__submission=papers[0]).update(created_at=AT)
    assert by is not None
    kept, go = threading.Event(), threading.Event()

    def keep() -> None:
        with transaction.atomic():
            for paper in papers:
                Submission.objects.select_for_update(no_key=True).get(pk=paper.pk)
                kept.set()
                go.wait(1)

    def stop() -> None:
        kept.wait(10)
        with transaction.atomic():
            deciding.stop_what_is_held(edition, by, AFTER_DEADLINE)

    assert at_once(keep, stop) == ["done", "done"]
    assert Announcement.objects.filter(stopped_at__isnull=False).count() == 2


def waiting_for_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        found: int = cursor.fetchone()[0]
        return found


def test_letters_go_to_the_author_list_that_is_being_granted_while_they_are_released(
    chairs: list[Membership],
) -> None:
    paper = factories.make_submission(chairs[0].edition)
    factories.make_decision(paper, chairs[0].user)
    asked = drafting.request_author_change(
        submission=paper,
        entries=[drafting.AuthorEntry(name="New", email="new@uni.example", is_contact=True)],
        reason="She did the work.",
        by=paper.created_by,
        at=AFTER_DEADLINE,
    )

    def grant() -> None:
        overseeing.decide_author_change(request=asked, grant=True, answer="", by=chairs[1].user, at=AFTER_DEADLINE)

    words = while_open(grant, lambda: release(fresh(chairs[0])))
    assert words == "A decision, a review or an author list changed since you looked. Look at the letters again."
    assert Message.objects.filter(kind="decision").count() == 0
    release(fresh(chairs[0]))
    assert [letter.to_email for letter in Message.objects.filter(kind="decision")] == ["new@uni.example"]


def test_nothing_is_released_while_another_chair_opens_submission_again(chairs: list[Membership]) -> None:
    edition, by = chairs[0].edition, chairs[1].user
    assert by is not None
    paper = factories.make_submission(edition)
    factories.make_decision(paper, by)
    due = edition.deadlines.get(phase=Phase.SUBMISSION)

    def extend() -> None:
        editions.set_deadline(
            edition=edition,
            phase=Phase.SUBMISSION,
            announced=AFTER_DEADLINE.replace(tzinfo=None) + timedelta(days=9),
            zone=due.zone,
            label=due.label,
            grace_minutes=due.grace_minutes,
            is_soft=due.is_soft,
            is_public=due.is_public,
            by=by,
            at=AFTER_DEADLINE,
        )

    mine = fresh(chairs[0])
    assert not deciding.not_yet_because(mine.edition, AFTER_DEADLINE)
    assert while_open(extend, lambda: release(mine)) == deciding.STILL_OPEN
    assert (Announcement.objects.count(), Message.objects.filter(kind="decision").count()) == (0, 0)


def test_nothing_is_released_by_one_while_another_chair_asks_for_two(chairs: list[Membership]) -> None:
    edition, by = chairs[0].edition, chairs[1].user
    assert by is not None
    factories.make_decision(factories.make_submission(edition), by)

    def ask_for_two() -> None:
        editions.change_settings(
            edition=edition, values={"needs_second_chair": True}, based_on=edition.version, by=by, at=AFTER_DEADLINE
        )

    mine = fresh(chairs[0])
    words = while_open(ask_for_two, lambda: release(mine))
    assert words.startswith("Another chair must confirm the letters of submission 1 first, on this page.")
    assert (Announcement.objects.count(), Message.objects.filter(kind="decision").count()) == (0, 0)


@pytest.mark.parametrize("hold", [0, 10])
def test_a_withdrawal_beside_a_release_comes_before_it_or_is_refused_or_keeps_its_letters_back(
    chairs: list[Membership], hold: int
) -> None:
    Edition.objects.update(hold_minutes=hold)

    def withdraw(paper: Submission) -> None:
        sending.withdraw(submission=paper, reason="", by=paper.created_by, at=AFTER_DEADLINE)

    paper = factories.make_submission(chairs[0].edition)
    factories.make_decision(paper, chairs[0].user)
    words = while_open(lambda: withdraw(paper), lambda: release(fresh(chairs[0])))
    assert (words, Announcement.objects.count()) == ("There is nothing to announce: " + NOTHING_LEFT, 0)
    other = factories.make_submission(chairs[0].edition)
    factories.make_decision(other, chairs[0].user)
    words = while_open(lambda: release(fresh(chairs[0])), lambda: withdraw(other))
    other.refresh_from_db()
    [letter] = Message.objects.filter(kind="decision")
    if hold:
        assert (words, other.state) == ("done", State.WITHDRAWN)
        assert objection(letter) == "the submission was withdrawn or returned in the meantime"
    else:
        assert (words, other.state) == ("The decision is announced; write to the chairs to withdraw now.", "submitted")
        assert objection(letter) is None


def test_nobody_is_assigned_or_taken_off_beside_the_release_of_the_decision(chairs: list[Membership]) -> None:
    edition, by = chairs[0].edition, chairs[1].user
    assert by is not None
    for act, words in (
        (
            lambda task, other: assigning.assign(task.submission, other, by=by, at=AFTER_DEADLINE),
            "Submission {} is not under review.",
        ),
        (
            lambda task, other: assigning.unassign(task, by=by, at=AFTER_DEADLINE),
            "The decision on submission {} is announced; its reviews stay as they are.",
        ),
        (
            lambda task, other: assigning.replace(task, other, by=by, at=AFTER_DEADLINE),
            "The decision on submission {} is announced; its reviews stay as they are.",
        ),
    ):
        paper = factories.make_submission(edition)
        factories.make_decision(paper, chairs[0].user)
        task = factories.make_assignment(paper, factories.make_member(edition))
        other = factories.make_member(edition)
        ended = while_open(lambda: release(fresh(chairs[0])), lambda act=act, task=task, other=other: act(task, other))
        assert ended == words.format(paper.number)
        standing = Assignment.objects.standing().filter(submission=paper)
        assert list(standing.values_list("membership", flat=True)) == [task.membership_id]


def test_a_failed_acceptance_is_not_queued_again_beside_the_correction_that_is_being_written(
    chairs: list[Membership],
) -> None:
    paper = factories.make_submission(chairs[0].edition)
    factories.make_decision(paper, chairs[0].user)
    at = release(fresh(chairs[0])).release_at + timedelta(minutes=1)
    Message.objects.update(state=Letter.FAILED)

    def correct() -> None:
        row = Decision.objects.select_related("submission__edition", "announcement").get()
        deciding.correct(row, verdict="reject", note="", to_authors="", version=1, by=chairs[0].user, at=at)

    failed = Message.objects.get()
    words = while_open(correct, lambda: lettering.send_again(failed, by=chairs[1].user, at=at))
    assert words == "It is not sent again: the decision was corrected."
    # Beside what tells the other chair of the correction.
    letters = Message.objects.exclude(kind="decision_corrected").order_by("pk")
    assert list(letters.values_list("state", flat=True)) == [Letter.FAILED, Letter.QUEUED]


def test_who_comes_into_conflict_beside_being_named_does_not_handle_the_paper(chairs: list[Membership]) -> None:
    paper, by = factories.make_submission(chairs[0].edition), chairs[0].user
    assert by is not None

    def add() -> None:
        assigning.add_conflict(paper, chairs[1], kind="other", reason="A joint paper", by=by, at=AT)

    ended = while_open(add, lambda: assigning.set_handling_chair(paper, fresh(chairs[1]), by=by, at=AT))
    assert ended == f"{chairs[1].name} has a conflict of interest with this submission and cannot handle it."
    assert Submission.objects.get().handling_chair is None


def test_of_two_delegates_whom_two_chairs_name_at_once_one_is_named(chairs: list[Membership]) -> None:
    edition, by = chairs[0].edition, chairs[0].user
    paper = factories.make_submission(edition)
    for chair in chairs:
        factories.make_conflict(paper, chair)
    members = [fresh(factories.make_member(edition)) for _ in range(2)]
    assert by is not None
    ended = at_once(*(lambda one=one: name_delegate(edition, one, by=by, at=AT) for one in members))
    assert sorted(ended) == ["No submission needs a delegate.", "done"]
    assert Membership.objects.chairs().count() == 3
