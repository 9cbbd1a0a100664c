"""The letter of the day: one instead of many, for those who asked; never a letter that is urgent or a fact."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.db.models import QuerySet

from dlonsc.accounts.models import User
from dlonsc.accounts.wishes import gather_until
from dlonsc.editions.models import Edition, Membership
from dlonsc.mail import digest, guards, ledger
from dlonsc.mail.digest import body_of, gather, next_gathering
from dlonsc.mail.envelope import compose
from dlonsc.mail.models import Message, State, Unsubscribed
from dlonsc.mail.post import Letterhead, post
from dlonsc.mail.transport import KeepInLedger
from reviews.actions import lettering
from reviews.models import Review
from reviews.reminders import remind
from reviews.tasks import remind as remind_task
from submissions.models import LatePermission, Submission
from submissions.states import State as SubmissionState
from tests import factories
from tests.factories import AT

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SUBMISSION_CUTOFF = datetime(2026, 4, 1, 12, tzinfo=UTC)
# A week before, and the hour of the day after.
WEEK_BEFORE = SUBMISSION_CUTOFF - 7 * DAY
HOUR_AFTER = datetime(2026, 3, 26, 6, tzinfo=UTC)


@pytest.fixture
def author(db: None) -> User:
    return factories.make_user("ada@uni.example", "Ada Author", digest=True)


@pytest.fixture
def drafts(edition: Edition, author: User) -> list[Submission]:
    return [
        factories.make_submission(edition, author, title=title, state=SubmissionState.DRAFT, complete=False)
        for title in ("On tensors", "On graphs")
    ]


@pytest.fixture
def travelled() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(WEEK_BEFORE, tick=False) as traveller:
        yield traveller


def states() -> dict[str, list[str]]:
    """States by kind."""
    found: dict[str, list[str]] = {}
    for kind, state in Message.objects.order_by("pk").values_list("kind", "state"):
        found.setdefault(kind, []).append(state)
    return found


# --- When -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "gathering"),
    [
        ("2026-03-25T05:59:59+00:00", "2026-03-25T06:00:00+00:00"),
        ("2026-03-25T06:00:00+00:00", "2026-03-26T06:00:00+00:00"),
        # The days on which clocks change in Europe, and New Year.
        ("2026-03-29T01:30:00+00:00", "2026-03-29T06:00:00+00:00"),
        ("2026-10-25T01:30:00+02:00", "2026-10-25T06:00:00+00:00"),
        ("2026-12-31T23:59:00+00:00", "2027-01-01T06:00:00+00:00"),
    ],
)
def test_the_letter_of_the_day_leaves_at_six_utc(at: str, gathering: str) -> None:
    assert next_gathering(datetime.fromisoformat(at)) == datetime.fromisoformat(gathering)


@pytest.mark.parametrize(
    ("hours", "waits"), [(48, True), (31, True), (25, False), (24, False), (1, False), (-5, False)]
)
def test_what_is_near_its_cutoff_does_not_wait(author: User, hours: int, waits: bool) -> None:
    at = SUBMISSION_CUTOFF - timedelta(hours=hours)
    found = gather_until(author.email, at=at, cutoff=SUBMISSION_CUTOFF)
    assert found == (next_gathering(at) if waits else None)


def test_only_reminders_to_somebody_who_asked_for_it_wait(author: User, stranger: User) -> None:
    addresses = ["ada@uni.example", "ADA@uni.example", "sam@elsewhere.example", "nobody@nowhere.example"]
    found = [gather_until(address, at=AT, cutoff=None) is not None for address in addresses]
    assert found == [True, True, False, False]


# --- One instead of many ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("travelled")
def test_the_reminders_of_a_day_come_in_one_letter(drafts: list[Submission]) -> None:
    assert len(remind(WEEK_BEFORE)) == 2
    assert ledger.drain(KeepInLedger(), seconds=5, clock=lambda: WEEK_BEFORE + DAY) == 0
    assert (gather(HOUR_AFTER - MINUTE), len(gather(HOUR_AFTER)), gather(HOUR_AFTER)) == ([], 1, [])
    letter = Message.objects.get(kind="digest")
    assert letter.subject == "[DLonSC 2026] 2 reminders"
    assert ["On tensors" in letter.text, "On graphs" in letter.text] == [True, True]
    # One greeting, one way to leave; the parts' own are gone.
    assert [letter.text.count("Dear Ada Author"), letter.text.count("No more reminders")] == [1, 1]
    assert ledger.drain(KeepInLedger(), seconds=5, clock=lambda: HOUR_AFTER) == 1
    assert states() == {"remind_draft": ["collected", "collected"], "digest": ["sent"]}


@pytest.mark.usefixtures("travelled")
def test_one_reminder_alone_keeps_its_subject_and_can_be_left_with_one_click(drafts: list[Submission]) -> None:
    drafts[1].delete()
    subject = remind(WEEK_BEFORE)[0].subject
    letter = gather(HOUR_AFTER)[0]
    assert letter.subject == subject
    mail: EmailMessage = compose(letter)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["From"] == "DLonSC 2026 <dlonsc@workshop.example>"
    assert mail["Reply-To"] == Message.objects.get(kind="remind_draft").headers["Reply-To"]


def test_everybody_else_gets_hers_at_once(edition: Edition, drafts: list[Submission], stranger: User) -> None:
    factories.make_submission(edition, stranger, state=SubmissionState.DRAFT, complete=False)
    found = {letter.to_email: letter.state for letter in remind(WEEK_BEFORE)}
    assert found == {"ada@uni.example": State.GATHERED, "sam@elsewhere.example": State.QUEUED}


def test_two_days_before_it_still_waits_and_on_the_last_day_it_leaves_at_once(edition: Edition, author: User) -> None:
    factories.make_submission(edition, author, state=SubmissionState.DRAFT)
    found = [remind(SUBMISSION_CUTOFF - timedelta(hours=hours))[0].state for hours in (48, 24, 2)]
    assert found == [State.GATHERED, State.QUEUED, State.QUEUED]


def test_receipts_and_decisions_are_never_gathered(edition: Edition, author: User, drafts: list[Submission]) -> None:
    letter = post(
        key="receipt:1", to_email=author.email, letter="reviews/emails/unassigned", context={}, head=Letterhead(), at=AT
    )
    assert letter is not None
    assert (letter.state, gather(HOUR_AFTER)) == (State.QUEUED, [])


@pytest.mark.usefixtures("travelled")
def test_a_reminder_that_somebody_cancels_while_it_is_collected_takes_no_other_away_without_a_letter(
    drafts: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    remind(WEEK_BEFORE)
    move_all = digest.move_all

    def all_but_one(rows: QuerySet[Message], *args: Any, **fields: Any) -> int:
        return move_all(rows.exclude(pk=rows.order_by("pk")[0].pk), *args, **fields)

    monkeypatch.setattr(digest, "move_all", all_but_one)
    assert (gather(HOUR_AFTER), states()) == ([], {"remind_draft": ["gathered", "gathered"]})
    monkeypatch.undo()
    assert (len(gather(HOUR_AFTER)), states()) == (
        1,
        {"remind_draft": ["collected", "collected"], "digest": ["queued"]},
    )


@pytest.mark.usefixtures("travelled")
def test_who_leaves_the_reminders_while_hers_are_collected_misses_none_of_the_news_beside_them(
    edition: Edition, drafts: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    """News of a discussion have no link by which they could be left."""
    reminder, news = remind(WEEK_BEFORE)
    del news.headers["List-Unsubscribe"]
    news.save()
    wish = {"email": "ada@uni.example", "edition": edition.slug, "since": WEEK_BEFORE}

    def meanwhile(*args: Any, **fields: Any) -> int:
        Unsubscribed.objects.create(**wish)
        return ledger.move_all(*args, **fields)

    monkeypatch.setattr(digest, "move_all", meanwhile)
    # What was collected goes back, and so does here what she did meanwhile.
    assert (gather(HOUR_AFTER), states()) == ([], {"remind_draft": ["gathered", "gathered"]})
    monkeypatch.undo()
    Unsubscribed.objects.create(**wish)
    (letter,) = gather(HOUR_AFTER)
    assert (news.subject, reminder.subject in letter.text) == (letter.subject, False)


@pytest.mark.usefixtures("travelled")
def test_a_letter_of_the_day_that_cannot_be_written_stops_nobody_elses(
    edition: Edition, drafts: list[Submission], caplog: pytest.LogCaptureFixture
) -> None:
    other = factories.make_user("eve@uni.example", "Eve Author", digest=True)
    factories.make_submission(edition, other, state=SubmissionState.DRAFT, complete=False)
    remind(WEEK_BEFORE)
    first = Message.objects.get(to_email="ada@uni.example", text__contains="On tensors")
    Message.objects.filter(pk=first.pk).update(guard={"nothing that the guard knows": 1})
    assert [letter.to_email for letter in gather(HOUR_AFTER)] == ["eve@uni.example"]
    assert [row.getMessage() for row in caplog.records if row.exc_info] == [
        f"the letter of the day with reminder {first.pk} failed; the others go on"
    ]


# --- Left in peace ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("travelled")
def test_what_was_done_before_the_hour_is_not_told(drafts: list[Submission]) -> None:
    remind(WEEK_BEFORE)
    Submission.objects.filter(pk=drafts[0].pk).update(state=SubmissionState.SUBMITTED, submitted_at=AT)
    letter = gather(HOUR_AFTER)[0]
    assert ["On tensors" in letter.text, "On graphs" in letter.text] == [False, True]
    assert states() == {"remind_draft": ["cancelled", "collected"], "digest": ["queued"]}


@pytest.mark.usefixtures("travelled")
def test_who_has_done_everything_gets_no_letter_of_the_day(drafts: list[Submission]) -> None:
    remind(WEEK_BEFORE)
    Submission.objects.update(state=SubmissionState.SUBMITTED, submitted_at=AT)
    assert (gather(HOUR_AFTER), states()) == ([], {"remind_draft": ["cancelled", "cancelled"]})


def test_a_reviewer_who_finished_one_minute_before_it_leaves_gets_none(
    edition: Edition, reviewer: Membership, travelled: time_machine.Traveller
) -> None:
    User.objects.filter(pk=reviewer.user_id).update(digest=True)
    task = factories.make_assignment(factories.make_submission(edition), reviewer)
    review = factories.make_review(task, submitted=False)
    cutoff = datetime(2026, 4, 13, 12, tzinfo=UTC)
    travelled.move_to(cutoff - 7 * DAY)
    remind_task()
    travelled.move_to(next_gathering(cutoff - 7 * DAY))
    remind_task()
    assert states() == {"remind_reviews": ["collected"], "digest": ["queued"]}
    Review.objects.filter(pk=review.pk).update(submitted_at=cutoff - 6 * DAY)
    call_command("outbox", "drain")
    letter = Message.objects.get(kind="digest")
    assert (letter.state, letter.answer) == (State.CANCELLED, digest.DONE_MEANWHILE)


def test_a_letter_of_the_day_does_not_leave_with_a_paper_that_became_none_of_hers(
    edition: Edition, reviewer: Membership, travelled: time_machine.Traveller
) -> None:
    User.objects.filter(pk=reviewer.user_id).update(digest=True)
    assert reviewer.user is not None
    factories.make_submission(edition, reviewer.user, title="Mine", state=SubmissionState.DRAFT, complete=False)
    paper = factories.make_submission(edition, title="Theirs")
    factories.make_assignment(paper, reviewer)
    edition.deadlines.filter(phase="review").update(cutoff_at=SUBMISSION_CUTOFF)
    remind(WEEK_BEFORE)
    travelled.move_to(HOUR_AFTER)
    assert ["Theirs" in letter.text for letter in gather(HOUR_AFTER)] == [True]
    factories.make_conflict(paper, reviewer)
    call_command("outbox", "drain")
    letter = Message.objects.get(kind="digest")
    assert (letter.state, letter.answer) == (State.CANCELLED, "a paper that it lists is none of hers any more")
    # What it told besides is told by the next one.
    assert [("Theirs" in one.text, "Mine" in one.text) for one in gather(HOUR_AFTER)] == [(False, True)]
    assert gather(HOUR_AFTER) == []


@pytest.mark.usefixtures("travelled")
def test_who_left_the_reminders_gets_no_letter_of_the_day(drafts: list[Submission]) -> None:
    remind(WEEK_BEFORE)
    Unsubscribed.objects.create(email="ada@uni.example", edition="dlonsc-2026", since=AT)
    assert (gather(HOUR_AFTER), states()) == ([], {"remind_draft": ["cancelled", "cancelled"]})
    assert Message.objects.first().answer == ledger.NO_REMINDERS  # type: ignore[union-attr]


@pytest.mark.usefixtures("travelled")
def test_a_condition_that_nobody_can_check_keeps_the_reminder_waiting(
    drafts: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    remind(WEEK_BEFORE)
    monkeypatch.setattr(guards, "_guards", {})
    assert (gather(HOUR_AFTER), states()) == ([], {"remind_draft": ["gathered", "gathered"]})


def test_a_gathered_letter_can_be_cancelled_by_a_chair(drafts: list[Submission]) -> None:
    letter = remind(WEEK_BEFORE)[0]
    ledger.cancel(letter, by="Chantal", at=AT)
    assert states() == {"remind_draft": ["cancelled", "gathered"]}


def test_a_text_without_greeting_and_line_is_told_whole() -> None:
    leave = "\n\n--\nNo more reminders of this workshop: https://site.example/unsubscribe/1/\n"
    texts = [f"Dear Ada,\n\nplease do.{leave}", "please do.\n\nNow.", "Dear Ada"]
    assert [body_of(Message(text=text)) for text in texts] == ["please do.", "please do.\n\nNow.", "Dear Ada"]
    # An own text in one paragraph, and one that draws a line.
    own = ["Dear Ada, these are missing:\n1. On tensors", "Dear Ada,\nplease do:\n\n--\n\n1. On tensors"]
    told = [own[0], "please do:\n\n--\n\n1. On tensors"]
    assert [body_of(Message(text=text + leave)) for text in own] == told


@pytest.mark.usefixtures("travelled")
def test_a_letter_of_the_day_that_was_kept_back_is_gathered_anew_when_the_date_is_back(
    edition: Edition, drafts: list[Submission]
) -> None:
    remind(WEEK_BEFORE)
    gather(HOUR_AFTER)
    due = edition.deadlines.filter(phase="submission")
    due.update(cutoff_at=SUBMISSION_CUTOFF + DAY)
    ledger.drain(KeepInLedger(), seconds=5, clock=lambda: HOUR_AFTER)
    assert states() == {"remind_draft": ["gathered", "gathered"], "digest": ["cancelled"]}
    due.update(cutoff_at=SUBMISSION_CUTOFF)
    assert len(gather(HOUR_AFTER + MINUTE)) == 1
    assert states() == {"remind_draft": ["collected", "collected"], "digest": ["cancelled", "queued"]}


@pytest.mark.usefixtures("travelled")
def test_a_letter_of_the_day_does_not_leave_with_a_date_that_was_moved_beside_one_that_was_not(
    drafts: list[Submission], chair: Membership
) -> None:
    remind(WEEK_BEFORE)
    gather(HOUR_AFTER)
    later = {"cutoff_at": SUBMISSION_CUTOFF + DAY, "given_by": chair.user, "given_at": HOUR_AFTER}
    LatePermission.objects.create(submission=drafts[0], phase="submission", reason="Ill.", **later)
    ledger.drain(KeepInLedger(), seconds=5, clock=lambda: HOUR_AFTER)
    assert states() == {"remind_draft": ["gathered", "gathered"], "digest": ["cancelled"]}
    # What it told besides is told by the next one.
    assert [("On tensors" in one.text, "On graphs" in one.text) for one in gather(HOUR_AFTER)] == [(False, True)]
    assert states() == {"remind_draft": ["cancelled", "collected"], "digest": ["cancelled", "queued"]}


@pytest.mark.usefixtures("travelled")
def test_a_letter_of_the_day_whose_reminders_come_in_the_next_one_is_not_sent_again(
    edition: Edition, chair: Membership, drafts: list[Submission]
) -> None:
    assert chair.user is not None
    remind(WEEK_BEFORE)
    (old,) = gather(HOUR_AFTER)
    due = edition.deadlines.filter(phase="submission")
    due.update(cutoff_at=SUBMISSION_CUTOFF + DAY)
    ledger.drain(KeepInLedger(), seconds=5, clock=lambda: HOUR_AFTER)
    due.update(cutoff_at=SUBMISSION_CUTOFF)
    old.refresh_from_db()
    # Before they are gathered again as well as afterwards.
    for _ in range(2):
        with pytest.raises(ledger.NotPossible, match="the next letter of the day tells what is left of it"):
            lettering.send_again(old, by=chair.user, at=HOUR_AFTER)
        gather(HOUR_AFTER + MINUTE)
    ledger.drain(KeepInLedger(), seconds=5, clock=lambda: HOUR_AFTER + MINUTE)
    assert states() == {"remind_draft": ["collected", "collected"], "digest": ["cancelled", "sent"]}


@pytest.mark.usefixtures("travelled")
def test_a_letter_of_the_day_that_a_chair_kept_back_herself_may_be_sent_again(
    chair: Membership, drafts: list[Submission]
) -> None:
    assert chair.user is not None
    remind(WEEK_BEFORE)
    (letter,) = gather(HOUR_AFTER)
    lettering.cancel(letter, by=chair.user, at=HOUR_AFTER)
    gather(HOUR_AFTER + MINUTE)
    lettering.send_again(letter, by=chair.user, at=HOUR_AFTER + MINUTE)
    ledger.drain(KeepInLedger(), seconds=5, clock=lambda: HOUR_AFTER + MINUTE)
    assert states() == {"remind_draft": ["collected", "collected"], "digest": ["sent"]}


def test_a_letter_of_the_day_follows_its_reader_to_her_new_address(
    edition: Edition, reviewer: Membership, travelled: time_machine.Traveller
) -> None:
    user = reviewer.user
    assert user is not None
    User.objects.filter(pk=user.pk).update(digest=True)
    edition.deadlines.filter(phase="review").update(cutoff_at=SUBMISSION_CUTOFF)
    factories.make_assignment(factories.make_submission(edition), reviewer)
    # Her own draft lists the old address still: its part alone would hold.
    factories.make_submission(edition, user, state=SubmissionState.DRAFT, complete=False)
    remind(WEEK_BEFORE)
    travelled.move_to(HOUR_AFTER)
    old = gather(HOUR_AFTER)[0]
    EmailAddress.objects.filter(user=user).update(email="rita@new.example")
    User.objects.filter(pk=user.pk).update(email="rita@new.example")
    ledger.drain(KeepInLedger(), seconds=5, clock=lambda: HOUR_AFTER)
    old.refresh_from_db()
    assert (old.to_email == user.email, old.state, old.answer) == (True, State.CANCELLED, guards.OTHER_ADDRESS)
    gather(HOUR_AFTER + MINUTE)
    remind(HOUR_AFTER + MINUTE)
    gather(HOUR_AFTER + DAY)
    letters = Message.objects.filter(kind="digest", to_email="rita@new.example")
    assert letters.get().guard["parts"] != old.guard["parts"]
