"""Reminders: computed from the database, once per step, never to anybody who has nothing open."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dlonsc.accounts.models import User
from dlonsc.editions.calendar import Phase
from dlonsc.editions.models import Edition, LetterText, Membership
from dlonsc.mail import erased, guards, ledger
from dlonsc.mail.models import KEY_LENGTH, Message, State, Unsubscribed
from dlonsc.mail.transport import KeepInLedger
from reviews.actions import lettering
from reviews.emails.reminding import CAMERA_READY, DRAFT
from reviews.models import Assignment, Review
from reviews.reminders import remind
from submissions import emails
from submissions.emails import CHASE
from submissions.models import CameraReadyItem, CameraReadyKind, LatePermission, Submission
from submissions.states import State as SubmissionState
from tests import factories
from tests.factories import AT

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SUBMISSION_CUTOFF = datetime(2026, 4, 1, 12, tzinfo=UTC)
REVIEW_CUTOFF = datetime(2026, 4, 13, 12, tzinfo=UTC)
CAMERA_CUTOFF = datetime(2026, 5, 16, 12, tzinfo=UTC)


@pytest.fixture
def draft(edition: Edition) -> Submission:
    return factories.make_submission(edition, state=SubmissionState.DRAFT, complete=False)


@pytest.fixture
def travelled() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


def whom(letters: list[Message]) -> list[str]:
    return [letter.to_email for letter in letters]


def deliver_all() -> list[str]:
    """What leaves now, in the order of the ledger."""
    ledger.drain(KeepInLedger(), seconds=10)
    return list(Message.objects.filter(state=State.SENT).order_by("pk").values_list("kind", flat=True))


# --- Drafts -----------------------------------------------------------------------------------------------------------


def test_a_draft_is_reminded_seven_and_two_days_before_and_once_each(draft: Submission) -> None:
    moments = [(7, -MINUTE), (7, MINUTE), (7, 2 * MINUTE), (2, -MINUTE), (2, MINUTE), (0.5, MINUTE), (0, MINUTE)]
    counts = [len(remind(SUBMISSION_CUTOFF - days * DAY + step)) for days, step in moments]
    assert counts == [0, 1, 0, 0, 1, 0, 0]


def test_the_contact_author_of_a_draft_is_reminded_only_once_she_has_confirmed(draft: Submission) -> None:
    creator = draft.created_by.email
    draft.authors.update(is_contact=False)
    named = factories.make_author(draft, "stranger@elsewhere.example", is_contact=True)
    assert whom(remind(SUBMISSION_CUTOFF - 7 * DAY)) == [creator]
    named.confirmed_at = AT
    named.save()
    assert whom(remind(SUBMISSION_CUTOFF - 2 * DAY)) == [creator, "stranger@elsewhere.example"]


def test_a_draft_with_a_pdf_is_reminded_one_day_and_two_hours_before_too(edition: Edition) -> None:
    factories.make_submission(edition, state=SubmissionState.DRAFT)
    hours = [169, 168, 48, 24, 2, 1]
    letters = [remind(SUBMISSION_CUTOFF - timedelta(hours=hour)) for hour in hours]
    assert [len(found) for found in letters] == [0, 1, 1, 1, 1, 0]
    assert "\n  - Choose at least one topic.\n" in letters[3][0].text


def test_a_complete_draft_is_told_that_only_submit_is_missing(edition: Edition) -> None:
    paper = factories.make_submission(edition, state=SubmissionState.DRAFT)
    paper.topics.add(edition.topics.first())
    letter = remind(SUBMISSION_CUTOFF - timedelta(hours=2))[0]
    assert "It is complete: only Submit was not pressed." in letter.text
    assert "It is complete: only Submit was not pressed." in letter.html


def test_without_a_schedule_only_an_unsubmitted_pdf_is_reminded_of(edition: Edition, reviewer: Membership) -> None:
    Edition.objects.filter(pk=edition.pk).update(reminder_days=[])
    factories.make_submission(edition, state=SubmissionState.DRAFT)
    factories.make_submission(edition, state=SubmissionState.DRAFT, complete=False)
    factories.make_assignment(factories.make_submission(edition), reviewer)
    hours = [168, 48, 24, 12, 2]
    assert [len(remind(SUBMISSION_CUTOFF - timedelta(hours=hour))) for hour in hours] == [0, 0, 1, 0, 1]
    assert [remind(REVIEW_CUTOFF - timedelta(hours=hour)) for hour in hours] == [[]] * 5


def test_nobody_is_reminded_of_a_paper_that_she_came_into_conflict_with(edition: Edition, reviewer: Membership) -> None:
    first, second = factories.make_submission(edition), factories.make_submission(edition)
    for paper in (first, second):
        factories.make_assignment(paper, reviewer)
    factories.make_conflict(first, reviewer)
    letters = remind(REVIEW_CUTOFF - 2 * DAY)
    assert [letter.guard["assignments"] for letter in letters] == [[second.assignments.get().pk]]


@pytest.mark.parametrize("count", [3, 30])
def test_looking_for_reminders_takes_the_same_number_of_queries_however_many_there_are(
    edition: Edition, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        factories.make_submission(edition, state=SubmissionState.DRAFT)
        member = factories.make_member(edition, email=f"r{number}@lab{number}.example")
        factories.announce(factories.make_submission(edition), at=AT)
        factories.make_assignment(factories.make_submission(edition), member)
    with django_assert_num_queries(18):
        assert remind(SUBMISSION_CUTOFF - 30 * DAY) == []


def test_the_letter_names_the_announced_minute(draft: Submission) -> None:
    letter = remind(SUBMISSION_CUTOFF - DAY)[0]
    assert "Submissions close Tue 31 Mar 2026, 23:59 AoE:" in letter.text
    assert letter.to_email == draft.created_by.email


def test_after_a_long_silence_only_the_last_step_is_sent(draft: Submission) -> None:
    assert len(remind(SUBMISSION_CUTOFF - DAY)) == 1
    assert Message.objects.count() == 1


def test_a_draft_begun_after_the_step_is_not_reminded_of_it(edition: Edition) -> None:
    begun = SUBMISSION_CUTOFF - 5 * DAY
    factories.make_submission(edition, state=SubmissionState.DRAFT, complete=False, created_at=begun)
    assert [len(remind(begun + MINUTE)), len(remind(SUBMISSION_CUTOFF - 2 * DAY))] == [0, 1]


def test_submitted_and_withdrawn_ones_are_not_reminded(edition: Edition) -> None:
    factories.make_submission(edition)
    factories.make_submission(edition, state=SubmissionState.WITHDRAWN)
    assert remind(SUBMISSION_CUTOFF - DAY) == []


def test_when_the_date_moves_the_reminders_move_with_it(draft: Submission, edition: Edition) -> None:
    assert len(remind(SUBMISSION_CUTOFF - 2 * DAY)) == 1
    edition.deadlines.filter(phase=Phase.SUBMISSION).update(cutoff_at=SUBMISSION_CUTOFF + 10 * DAY)
    counts = [len(remind(SUBMISSION_CUTOFF + days * DAY)) for days in (-1, 2, 3, 8)]
    assert counts == [0, 0, 1, 1]


def test_a_later_date_of_one_submission_moves_its_reminders_alone(edition: Edition, draft: Submission) -> None:
    other = factories.make_submission(edition, state=SubmissionState.DRAFT, complete=False)
    LatePermission.objects.create(
        submission=draft,
        phase=Phase.SUBMISSION,
        cutoff_at=SUBMISSION_CUTOFF + 10 * DAY,
        reason="illness",
        given_by=other.created_by,
        given_at=AT,
    )
    first, second = remind(SUBMISSION_CUTOFF - DAY), remind(SUBMISSION_CUTOFF + 8 * DAY)
    assert whom(first) == [other.created_by.email]
    assert whom(second) == [draft.created_by.email]
    assert "Submissions close Fri 10 Apr 2026, 23:59 AoE (your own, later date):" in second[0].text


def test_a_draft_submitted_before_the_letter_leaves_gets_none(
    draft: Submission, travelled: time_machine.Traveller
) -> None:
    travelled.move_to(SUBMISSION_CUTOFF - DAY)
    letter = remind(SUBMISSION_CUTOFF - DAY)[0]
    Submission.objects.filter(pk=draft.pk).update(state=SubmissionState.SUBMITTED, submitted_at=AT)
    assert deliver_all() == []
    letter.refresh_from_db()
    assert (letter.state, letter.answer) == (State.CANCELLED, "the draft was submitted or withdrawn in the meantime")


def test_a_reminder_that_waited_never_tells_a_date_that_moved(
    draft: Submission, edition: Edition, travelled: time_machine.Traveller
) -> None:
    travelled.move_to(SUBMISSION_CUTOFF - DAY)
    letter = remind(SUBMISSION_CUTOFF - DAY)[0]
    edition.deadlines.filter(phase=Phase.SUBMISSION).update(cutoff_at=SUBMISSION_CUTOFF + DAY)
    assert deliver_all() == []
    letter.refresh_from_db()
    assert (letter.state, letter.answer) == (State.CANCELLED, "the date was moved in the meantime")


def test_a_reminder_that_a_moved_date_kept_back_comes_once_when_the_date_moves_back(
    draft: Submission, edition: Edition, travelled: time_machine.Traveller
) -> None:
    at = SUBMISSION_CUTOFF - 2 * DAY
    line = edition.deadlines.filter(phase=Phase.SUBMISSION)
    for _ in range(2):
        travelled.move_to(at)
        assert [len(remind(at)) for _ in range(2)] == [1, 0]
        line.update(cutoff_at=SUBMISSION_CUTOFF + 10 * DAY)
        assert deliver_all() == []
        line.update(cutoff_at=SUBMISSION_CUTOFF)
    assert [len(remind(at)) for _ in range(2)] == [1, 0]
    assert deliver_all() == ["remind_draft"]
    assert [len(remind(at)), Message.objects.filter(state=State.CANCELLED).count()] == [0, 2]


def test_a_reminder_that_a_chair_cancelled_does_not_come_again(draft: Submission) -> None:
    at = SUBMISSION_CUTOFF - 2 * DAY
    ledger.cancel(remind(at)[0], by="Chantal", at=at)
    assert remind(at + MINUTE) == []


def test_a_reminder_does_not_leave_after_the_date(draft: Submission, travelled: time_machine.Traveller) -> None:
    letter = remind(SUBMISSION_CUTOFF - MINUTE)[0]
    travelled.move_to(SUBMISSION_CUTOFF)
    assert deliver_all() == []
    letter.refresh_from_db()
    assert (letter.state, letter.answer) == (State.CANCELLED, "the date is over")


# --- What cannot be written -------------------------------------------------------------------------------------------


def test_an_address_as_long_as_allowed_gets_its_reminder_once_and_stops_nobody_elses(
    edition: Edition, draft: Submission
) -> None:
    draft.authors.update(is_contact=False)
    factories.make_author(draft, f"{'a' * 60}@{'.'.join(['b' * 60] * 3)}.example", is_contact=True, confirmed_at=AT)
    factories.make_submission(edition, state=SubmissionState.DRAFT, complete=False)
    counts = [len(remind(SUBMISSION_CUTOFF - 2 * DAY + step)) for step in (MINUTE, 2 * MINUTE)]
    assert (counts, max(len(row.key) for row in Message.objects.all()) <= KEY_LENGTH) == ([3, 0], True)


def test_an_own_text_with_a_hole_stops_no_reminder_of_another_edition(
    draft: Submission, caplog: pytest.LogCaptureFixture
) -> None:
    LetterText.objects.create(edition=draft.edition, kind="remind_draft", subject="x", text="{gone}", written_at=AT)
    other = factories.make_edition("other-2026")
    owner = factories.make_user("owner@other.example")
    factories.make_submission(other, owner, state=SubmissionState.DRAFT, complete=False)
    assert whom(remind(SUBMISSION_CUTOFF - 2 * DAY)) == ["owner@other.example"]
    assert [row.getMessage() for row in caplog.records if row.exc_info] == [
        "a reminder of dlonsc-2026, submission failed; the others go on"
    ]


# --- Reviews ----------------------------------------------------------------------------------------------------------


def test_a_reviewer_gets_one_letter_for_all_missing_reviews_on_the_days_of_the_edition(
    edition: Edition, reviewer: Membership
) -> None:
    papers = [factories.make_submission(edition, title=f"Title {n}") for n in (1, 2, 3)]
    tasks = [factories.make_assignment(paper, reviewer) for paper in papers]
    factories.make_review(tasks[1])
    days = [8, 7, 6, 2, 1, 0.5, 0.25]
    letters = [remind(REVIEW_CUTOFF - day * DAY) for day in days]
    assert [len(found) for found in letters] == [0, 1, 0, 1, 0, 1, 0]
    text = letters[1][0].text
    assert ["Title 1" in text, "Title 2" in text, "Title 3" in text] == [True, False, True]


def test_the_days_are_a_setting_of_the_edition(edition: Edition, reviewer: Membership) -> None:
    factories.make_assignment(factories.make_submission(edition), reviewer)
    Edition.objects.filter(pk=edition.pk).update(reminder_days=[3])
    assert [len(remind(REVIEW_CUTOFF - day * DAY)) for day in (7, 3, 2, 0.5)] == [0, 1, 0, 0]


def test_whoever_finished_a_moment_ago_gets_no_reminder(
    edition: Edition, reviewer: Membership, travelled: time_machine.Traveller
) -> None:
    review = factories.make_review(
        factories.make_assignment(factories.make_submission(edition), reviewer), submitted=False
    )
    travelled.move_to(REVIEW_CUTOFF - 2 * DAY)
    letter = remind(REVIEW_CUTOFF - 2 * DAY)[0]
    Review.objects.filter(pk=review.pk).update(submitted_at=REVIEW_CUTOFF - 2 * DAY)
    assert deliver_all() == []
    letter.refresh_from_db()
    assert letter.answer == "the reviews were submitted in the meantime"


def test_no_list_leaves_with_a_paper_that_is_none_of_hers_any_more_and_a_fresh_one_comes_by_the_next_beat(
    edition: Edition, reviewer: Membership, travelled: time_machine.Traveller
) -> None:
    at = REVIEW_CUTOFF - 2 * DAY
    travelled.move_to(at)
    papers = [factories.make_submission(edition, title=f"Title {n}") for n in range(3)]
    tasks = [factories.make_assignment(paper, reviewer) for paper in papers]
    first = remind(at)[0]
    factories.make_conflict(papers[0], reviewer)
    assert (deliver_all(), len(second := remind(at))) == ([], 1)
    Assignment.objects.filter(pk=tasks[1].pk).update(declined_at=at)
    assert (deliver_all(), len(third := remind(at))) == ([], 1)
    assert (deliver_all(), remind(at)) == (["remind_reviews"], [])
    assert [row.guard["assignments"] for row in (first, *second, *third)] == [
        [task.pk for task in tasks[n:]] for n in range(3)
    ]
    first.refresh_from_db()
    assert (first.state, first.answer) == (State.CANCELLED, "a paper that it lists is none of hers any more")


def test_who_is_no_member_any_more_is_reminded_of_nothing(
    edition: Edition, reviewer: Membership, travelled: time_machine.Traveller
) -> None:
    at = REVIEW_CUTOFF - 2 * DAY
    travelled.move_to(at)
    factories.make_assignment(factories.make_submission(edition), reviewer)
    assert len(remind(at)) == 1
    Membership.objects.filter(pk=reviewer.pk).update(removed_at=at)
    assert (deliver_all(), remind(at)) == ([], [])


def test_whoever_still_has_something_open_gets_it(
    edition: Edition, reviewer: Membership, travelled: time_machine.Traveller
) -> None:
    factories.make_assignment(factories.make_submission(edition), reviewer)
    travelled.move_to(REVIEW_CUTOFF - 2 * DAY)
    remind(REVIEW_CUTOFF - 2 * DAY)
    assert deliver_all() == ["remind_reviews"]


def test_nobody_is_reminded_of_a_task_that_was_given_back_taken_or_whose_paper_is_gone(
    edition: Edition, reviewer: Membership
) -> None:
    paper, gone = factories.make_submission(edition), factories.make_submission(edition)
    factories.make_assignment(paper, reviewer, declined_at=AT)
    factories.make_assignment(gone, reviewer)
    Submission.objects.filter(pk=gone.pk).update(state=SubmissionState.WITHDRAWN)
    assert remind(REVIEW_CUTOFF - 2 * DAY) == []


# --- Camera-ready -----------------------------------------------------------------------------------------------------


def test_accepted_authors_are_reminded_of_what_is_missing(edition: Edition) -> None:
    paper = factories.announce(factories.make_submission(edition))
    CameraReadyItem.objects.create(
        submission=paper, kind="pdf", number=1, sha256="0" * 64, size=1, original_name="p", uploaded_by=paper.created_by
    )
    letter = remind(CAMERA_CUTOFF - 2 * DAY)[0]
    assert "\n  - Source archive\n  - Signed licence form\n" in letter.text


def test_authors_whose_decision_was_corrected_before_the_letter_leaves_are_asked_for_nothing(
    edition: Edition, travelled: time_machine.Traveller
) -> None:
    paper = factories.announce(factories.make_submission(edition))
    travelled.move_to(CAMERA_CUTOFF - 2 * DAY)
    letter = remind(CAMERA_CUTOFF - 2 * DAY)[0]
    factories.announce(paper, "rejected", at=CAMERA_CUTOFF - 2 * DAY)
    assert deliver_all() == []
    letter.refresh_from_db()
    assert (letter.state, letter.answer) == (State.CANCELLED, "the submission is not accepted any more")


def test_rejected_and_not_yet_announced_ones_are_not_reminded(edition: Edition) -> None:
    factories.announce(factories.make_submission(edition), "rejected")
    factories.announce(factories.make_submission(edition), at=CAMERA_CUTOFF)
    assert remind(CAMERA_CUTOFF - 2 * DAY) == []


# --- Leaving ----------------------------------------------------------------------------------------------------------


def test_whoever_left_the_reminders_gets_none_at_another_address_of_hers_also_when_she_gives_the_first_one_up(
    draft: Submission, travelled: time_machine.Traveller
) -> None:
    person, browser = draft.created_by, Client()
    travelled.move_to(SUBMISSION_CUTOFF - 7 * DAY)
    browser.force_login(person)
    letter = remind(SUBMISSION_CUTOFF - 7 * DAY)[0]
    path = f"/unsubscribe/{letter.leave_token}/"
    browser.post(path)
    person.emailaddress_set.create(email="ada@new.example", verified=True)
    draft.authors.update(email="ada@new.example")
    for act, email in (("action_primary", "ada@new.example"), ("action_remove", letter.to_email)):
        assert browser.post("/accounts/email/", {act: "", "email": email}).status_code == 302
        assert remind(SUBMISSION_CUTOFF - 2 * DAY) == []
    assert set(Unsubscribed.objects.values_list("email", flat=True)) == {letter.to_email, "ada@new.example"}


def test_who_comes_back_to_the_reminders_comes_back_with_all_her_addresses(
    draft: Submission, travelled: time_machine.Traveller
) -> None:
    travelled.move_to(SUBMISSION_CUTOFF - 7 * DAY)
    letter = remind(SUBMISSION_CUTOFF - 7 * DAY)[0]
    draft.created_by.emailaddress_set.create(email="ada@new.example", verified=True)
    Unsubscribed.objects.create(email="ada@new.example", edition=letter.edition, since=AT)
    path = f"/unsubscribe/{letter.leave_token}/"
    assert "again" in Client().get(path).content.decode()
    Client().post(path, {"again": "1"})
    assert Unsubscribed.objects.count() == 0
    assert [one.to_email for one in remind(SUBMISSION_CUTOFF - 2 * DAY)] == [letter.to_email]


def test_whoever_left_the_reminders_gets_none_not_even_one_already_written(
    draft: Submission, travelled: time_machine.Traveller
) -> None:
    travelled.move_to(SUBMISSION_CUTOFF - 2 * DAY)
    letter = remind(SUBMISSION_CUTOFF - 2 * DAY)[0]
    Unsubscribed.objects.create(email=letter.to_email, edition=letter.edition, since=AT)
    assert deliver_all() == []
    assert remind(SUBMISSION_CUTOFF - 1 * DAY) == []
    letter.refresh_from_db()
    assert (letter.state, letter.answer) == (State.CANCELLED, "the recipient wants no reminders")


def test_a_reminder_can_be_left_with_one_click(draft: Submission) -> None:
    headers = remind(SUBMISSION_CUTOFF - DAY)[0].headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-Unsubscribe"].startswith("<http://localhost:8000/unsubscribe/")


@pytest.mark.parametrize("first", ["the beat", "the chair"])
def test_a_reminder_that_was_kept_back_is_written_anew_or_sent_again_and_never_both(
    edition: Edition, draft: Submission, chair: Membership, travelled: time_machine.Traveller, first: str
) -> None:
    assert chair.user is not None
    travelled.move_to(SUBMISSION_CUTOFF - 2 * DAY)
    (letter,) = remind(timezone.now())
    due = edition.deadlines.filter(phase=Phase.SUBMISSION)
    due.update(cutoff_at=SUBMISSION_CUTOFF + 30 * DAY)
    assert deliver_all() == []
    due.update(cutoff_at=SUBMISSION_CUTOFF)
    letter.refresh_from_db()
    if first == "the beat":
        assert len(remind(timezone.now())) == 1
        with pytest.raises(ledger.NotPossible, match="written anew"):
            lettering.send_again(letter, by=chair.user, at=timezone.now())
    else:
        lettering.send_again(letter, by=chair.user, at=timezone.now())
        assert remind(timezone.now()) == []
    assert deliver_all() == [DRAFT]


# --- Who answers for a paper when the letter leaves -------------------------------------------------------------------


@pytest.fixture(params=[DRAFT, CAMERA_READY, CHASE])
def waiting(request: pytest.FixtureRequest, edition: Edition) -> Iterator[Submission]:
    """A paper of Ada, with Bo as its contact author, and a letter of the kind to each of them that waits."""
    is_draft = request.param == DRAFT
    state = SubmissionState.DRAFT if is_draft else SubmissionState.SUBMITTED
    paper = factories.make_submission(edition, factories.make_user("ada@uni.example", "Ada"), state=state)
    paper.authors.update(is_contact=False)
    factories.make_author(paper, "bo@co.example", "Bo", is_contact=True, confirmed_at=AT)
    at = (SUBMISSION_CUTOFF if is_draft else CAMERA_CUTOFF) - 7 * DAY + MINUTE
    with time_machine.travel(at, tick=False):
        if not is_draft:
            factories.announce(paper)
        if request.param == CHASE:
            for author in paper.authors.all():
                emails.chase(paper, author, CameraReadyKind.PDF, at=at)
        else:
            remind(at)
        assert objections(request.param) == {"ada@uni.example": None, "bo@co.example": None}
        yield paper


def objections(kind: str) -> dict[str, str | None]:
    return {letter.to_email: guards.objection(letter) for letter in Message.objects.filter(kind=kind)}


def kind_of_waiting() -> str:
    return Message.objects.values_list("kind", flat=True).distinct().get()


def test_what_waits_does_not_leave_to_who_answers_for_the_paper_no_more(waiting: Submission) -> None:
    kind = kind_of_waiting()
    waiting.authors.filter(email="bo@co.example").delete()
    assert objections(kind) == {"ada@uni.example": None, "bo@co.example": guards.OTHER_ADDRESS}
    waiting.authors.update(email="cy@co.example", is_contact=True)
    Submission.objects.update(creator_left=True)
    assert objections(kind) == dict.fromkeys(["ada@uni.example", "bo@co.example"], guards.OTHER_ADDRESS)


def test_what_waits_does_not_leave_to_an_address_that_its_reader_has_left(waiting: Submission) -> None:
    kind, user = kind_of_waiting(), waiting.created_by
    waiting.authors.filter(email=user.email).update(email="ada@new.example")
    User.objects.filter(pk=user.pk).update(email="ada@new.example")
    EmailAddress.objects.create(user=user, email="ada@new.example", verified=True)
    # While the old address is still proven to be hers, the letter reaches her.
    assert objections(kind) == {"ada@uni.example": None, "bo@co.example": None}
    EmailAddress.objects.filter(email="ada@uni.example").delete()
    assert objections(kind) == {"ada@uni.example": guards.OTHER_ADDRESS, "bo@co.example": None}
    deliver_all()
    if kind != CHASE:
        assert "ada@new.example" in whom(remind(timezone.now() + MINUTE))


def test_what_was_written_beside_an_erasure_does_not_leave_to_who_was_erased(waiting: Submission) -> None:
    kind = kind_of_waiting()
    # The beat did not see the erasure yet, and wrote after its instant.
    erased.remember(["bo@co.example"], at=AT)
    assert objections(kind) == {"ada@uni.example": None, "bo@co.example": guards.OTHER_ADDRESS}
